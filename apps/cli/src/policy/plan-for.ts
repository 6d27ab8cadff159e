/** One decision from text to plan. */
import { DomainError } from '#contracts';
import type { Plan } from '#policy';
import { decide } from './decide.js';

export interface PlanRequest {
  readonly policy: string;
  /** `name=value`; a value is JSON, or a word. */
  readonly settings: readonly string[];
  /** The view as JSON. */
  readonly view: string;
  /** What the last plan handed out, as JSON. */
  readonly memory: string | undefined;
}

/** Throws DomainError that names every field that is wrong and what would be accepted. */
export function planFor({ policy, settings, view, memory }: PlanRequest): Plan {
  return decide({
    policy,
    parameters: readSettings(settings),
    view: readJson(view, 'the view on standard input'),
    memory: memory === undefined ? undefined : readJson(memory, '--memory'),
  });
}

/** From `name=value` each; a value is JSON, or a word. Throws DomainError BAD_INPUT. */
export function readSettings(settings: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(settings.map(readSetting));
}

function readSetting(setting: string): [string, unknown] {
  const at = setting.indexOf('=');
  if (at < 1) throw new DomainError('BAD_INPUT', `--set takes name=value, got ${JSON.stringify(setting)}`);
  const value = setting.slice(at + 1);
  try {
    return [setting.slice(0, at), JSON.parse(value)];
  } catch {
    return [setting.slice(0, at), value];
  }
}

function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DomainError('BAD_INPUT', `${what} is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}
