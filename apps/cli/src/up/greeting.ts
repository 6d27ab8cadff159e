/** What a person reads once everything runs. */
export function greeting(url: string, logFolder: string, isDemo: boolean): string {
  return `
Ballast is running.

  GraphQL   ${url}   (open it in a browser to try queries)
  Logs      ${logFolder}

${isDemo ? 'The demo fleet replays 24 real VMs on 2 hosts. Paste this to see it:' : 'Paste this to see the fleet:'}

  query Fleet {
    fleet { hostCount guestCount capacityBytes assignedBytes balloonActualBytes overcommitRatio clock { tick speed } }
  }

Ctrl-C stops everything.
`;
}
