/** `ballast policy …`: what a policy would do with a fleet, without a server. */
import { text } from 'node:stream/consumers';
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { DomainError } from '#contracts';
import { HOST_VIEW_SCHEMA, PLAN_SCHEMA } from '#policy';
import { describePolicies } from './describe-policies.js';
import { planFor } from './plan-for.js';

interface PlanOptions {
  readonly policy?: string;
  readonly set: readonly string[];
  readonly memory?: string;
  readonly schema?: true;
}

export function policyCommand(): Command {
  const command = new Command('policy').description('try policies on a view of a host, without a server');
  command
    .command('list')
    .description('print the policies and their parameters as JSON')
    .action(() => print(describePolicies()));
  command
    .command('plan')
    .description('read a view of a host from standard input and print the plan as JSON')
    .addOption(new Option('--policy <name>', 'the policy that decides'))
    .addOption(
      new Option('--set <name=value>', 'a parameter of the policy; may be repeated')
        .default([], 'its own defaults')
        .argParser((value: string, before: readonly string[]) => [...before, value]),
    )
    .addOption(new Option('--memory <file>', 'JSON that the last plan handed out as `memory`'))
    .addOption(new Option('--schema', 'print the JSON schemas of view and plan instead'))
    .action(plan);
  return command;
}

async function plan({ policy, set, memory, schema }: PlanOptions): Promise<void> {
  if (schema === true) {
    print({ view: HOST_VIEW_SCHEMA, plan: PLAN_SCHEMA });
    return;
  }
  if (policy === undefined) throw new DomainError('BAD_INPUT', '--policy is missing; `ballast policy list` names them');
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
