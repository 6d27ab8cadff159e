/** `ballast policy …`: what a policy would do with a fleet, or would have done. */
import { text } from 'node:stream/consumers';
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { DomainError } from '#contracts';
import { loadConfiguration } from '#platform';
import { HOST_VIEW_SCHEMA, PLAN_SCHEMA } from '#policy';
import { requirePolicy } from './decide.js';
import { describePolicies } from './describe-policies.js';
import { planFor, readSettings } from './plan-for.js';
import { fetchInputs, replay } from './replay.js';

interface PlanOptions {
  readonly policy?: string;
  readonly set: readonly string[];
  readonly memory?: string;
  readonly schema?: true;
}

interface ReplayOptions {
  readonly policy?: string;
  readonly set: readonly string[];
  readonly url?: string;
}

export function policyCommand(): Command {
  const command = new Command('policy').description('try policies on a view of a host, or on a run of the past');
  command
    .command('list')
    .description('print the policies and their parameters as JSON')
    .action(() => print(describePolicies()));
  command
    .command('plan')
    .description('read a view of a host from standard input and print the plan as JSON')
    .addOption(new Option('--policy <name>', 'the policy that decides'))
    .addOption(parameterOption('its own defaults'))
    .addOption(new Option('--memory <file>', 'JSON that the last plan handed out as `memory`'))
    .addOption(new Option('--schema', 'print the JSON schemas of view and plan instead'))
    .action(plan);
  command
    .command('replay')
    .description('decide again on what a stored run decided on, and print the plan of each host as JSON')
    .argument('<run>', 'id of the rebalancing run')
    .addOption(new Option('--policy <name>', "another policy, with its defaults; the run's own when left out"))
    .addOption(parameterOption("the run's own, or the other policy's defaults"))
    .addOption(
      new Option('--url <url>', 'the GraphQL API that has the run; the one on this machine, at PORT, when left out'),
    )
    .action(async (run: string, { policy, set, url }: ReplayOptions) => {
      const api = url ?? `http://127.0.0.1:${loadConfiguration().port}/graphql`;
      print(replay(await fetchInputs(api, run), policy, readSettings(set)));
    });
  return command;
}

function parameterOption(unset: string): Option {
  return new Option('--set <name=value>', 'a parameter of the policy; may be repeated')
    .default([], unset)
    .argParser((value: string, before: readonly string[]) => [...before, value]);
}

async function plan({ policy, set, memory, schema }: PlanOptions): Promise<void> {
  if (schema === true) {
    print({ view: HOST_VIEW_SCHEMA, plan: PLAN_SCHEMA });
    return;
  }
  if (policy === undefined) throw new DomainError('BAD_INPUT', '--policy is missing; `ballast policy list` names them');
  requirePolicy(policy);
  const remembered = memory === undefined ? undefined : readFile(memory);
  print(planFor({ policy, settings: set, view: await text(process.stdin), memory: remembered }));
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new DomainError('BAD_INPUT', `--memory: cannot read ${path}`);
  }
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
