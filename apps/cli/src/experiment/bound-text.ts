import type { Bound } from '#simulation';

const GIB = 2 ** 30;

/** For a terminal: a line for each host, the spread last. */
export function boundText({ hosts, min, p50, max }: Bound): string {
  const lines = hosts.map(({ vms, assignedBytes, peakUsedBytes, ratio }, at) => {
    const sizes = `${gib(assignedBytes)} GiB assigned, ${gib(peakUsedBytes)} GiB in use at most`;
    return `host ${at + 1}: ${ratio.toFixed(3)} (${sizes}; ${vms.length} guests: ${vms.join(' ')})`;
  });
  const spread = `least ${min.toFixed(3)}, middle ${p50.toFixed(3)}, largest ${max.toFixed(3)}`;
  return `What perfect knowledge allows: assigned memory over its guests' largest sum in use\n${lines.join('\n')}\n${spread}`;
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(2);
}
