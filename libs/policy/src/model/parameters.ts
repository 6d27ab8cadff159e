/**
 * What a policy can be told: each parameter described (for API and console), with a default, a range and the names that
 * the origin of the policy uses for it; and a reader that types an input or lists everything wrong with it.
 */
import { shown, type Parsed, type Problem } from './json.js';

export type ParameterType = 'INTEGER' | 'NUMBER' | 'BOOLEAN' | 'CHOICE';
export type ParameterValue = number | boolean | string | null;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** Another name a parameter answers to; a value given under it counts `factor` of the parameter's unit. */
export interface OtherName {
  readonly name: string;
  readonly factor: number;
}

export interface ParameterDescription {
  readonly name: string;
  readonly type: ParameterType;
  readonly unit: string | null;
  /** Null: not set, and the description says what holds then. */
  readonly default: ParameterValue;
  /** Inclusive. */
  readonly min: number | null;
  /** Inclusive. */
  readonly max: number | null;
  readonly choices: readonly string[] | null;
  readonly description: string;
  readonly otherNames: readonly OtherName[];
}

/** A parameter before it has its name; `Value` is what a policy reads. */
export interface Parameter<Value extends ParameterValue> extends Omit<ParameterDescription, 'name'> {
  readonly default: Value;
}

export type ParameterSet = Readonly<Record<string, Parameter<ParameterValue>>>;
export type ValuesOf<S extends ParameterSet> = {
  readonly [Key in keyof S]: S[Key] extends Parameter<infer Value> ? Value : never;
};

interface NumberOptions {
  readonly min?: number;
  readonly max?: number;
  readonly whole?: boolean;
  /** Plain texts are names in the same unit. */
  readonly otherNames?: readonly (string | OtherName)[];
}

/** A number that has a default. */
export function numeric(unit: string, preset: number, description: string, options?: NumberOptions): Parameter<number> {
  return { ...numberFields(unit, description, options), default: preset };
}

/** A number that may stay unset. */
export function unsetNumeric(unit: string, description: string, options?: NumberOptions): Parameter<number | null> {
  return { ...numberFields(unit, description, options), default: null };
}

export function toggle(preset: boolean, description: string): Parameter<boolean> {
  return {
    type: 'BOOLEAN',
    unit: null,
    default: preset,
    min: null,
    max: null,
    choices: null,
    description,
    otherNames: [],
  };
}

/** One of a closed list of names. */
export function oneOf<const Name extends string>(
  choices: readonly Name[],
  preset: Name,
  description: string,
): Parameter<Name> {
  return { type: 'CHOICE', unit: null, default: preset, min: null, max: null, choices, description, otherNames: [] };
}

/** Gives each parameter of a set its name. */
export function describeParameters(set: ParameterSet): readonly ParameterDescription[] {
  return Object.entries(set).map(([name, parameter]) => ({ name, ...parameter }));
}

/**
 * Reads `input` (an object; values may be texts, as a command line gives them) against descriptions. Absent parameters take
 * their defaults. Problems name the parameter and what it accepts; an unknown name is answered with the known ones.
 */
export function readParameters(descriptions: readonly ParameterDescription[], input: unknown): Parsed<ParameterValues> {
  if (input !== undefined && input !== null && (typeof input !== 'object' || Array.isArray(input))) {
    return { ok: false, problems: [{ path: '', message: 'must be an object of names and values' }] };
  }
  const problems: Problem[] = [];
  const values = new Map<string, ParameterValue>(descriptions.map(({ name, default: preset }) => [name, preset]));
  const given = new Map<string, string>();
  const finder = nameFinder(descriptions);
  for (const [key, raw] of Object.entries(input ?? {})) {
    const found = finder(key);
    if (found === null) {
      problems.push({
        path: key,
        message: `is not a parameter; accepted: ${descriptions.map(({ name }) => name).join(', ')}`,
      });
      continue;
    }
    const { name } = found.description;
    const before = given.get(name);
    if (before !== undefined) problems.push({ path: key, message: `means ${name}, which ${before} has set already` });
    given.set(name, key);
    values.set(name, readValue(found, key, raw, problems));
  }
  return problems.length === 0 ? { ok: true, value: Object.fromEntries(values) } : { ok: false, problems };
}

interface FoundName {
  readonly description: ParameterDescription;
  readonly factor: number;
}

/** Names are told apart by letters and digits only, so that an origin's snake_case finds its parameter. */
function nameFinder(descriptions: readonly ParameterDescription[]): (key: string) => FoundName | null {
  const names = new Map<string, FoundName>();
  for (const description of descriptions) {
    for (const { name, factor } of description.otherNames) names.set(canonical(name), { description, factor });
  }
  for (const description of descriptions) names.set(canonical(description.name), { description, factor: 1 });
  return (key) => names.get(canonical(key)) ?? null;
}

function canonical(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
}

function readValue({ description, factor }: FoundName, key: string, raw: unknown, problems: Problem[]): ParameterValue {
  const value = interpret(description, raw, factor);
  if (value !== undefined) return value;
  problems.push({
    path: key,
    message: `must be ${acceptedBy(description, factor)}, got ${shown(raw)}`,
  });
  return description.default;
}

/** The value in the parameter's own unit, or undefined when it is not one that is accepted. */
function interpret(description: ParameterDescription, raw: unknown, factor: number): ParameterValue | undefined {
  const mayStayUnset = description.default === null;
  if (raw === null || raw === 'null') return mayStayUnset ? null : undefined;
  switch (description.type) {
    case 'BOOLEAN':
      return raw === true || raw === 'true' ? true : raw === false || raw === 'false' ? false : undefined;
    case 'CHOICE':
      return description.choices?.find((choice) => choice === raw);
    case 'INTEGER':
    case 'NUMBER': {
      const value = (typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw) as number;
      if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
      const scaled = value * factor;
      if (scaled < (description.min ?? -Infinity) || scaled > (description.max ?? Infinity)) return undefined;
      return description.type === 'NUMBER' || Number.isInteger(scaled) ? scaled : undefined;
    }
  }
}

function acceptedBy({ type, unit, min, max, choices, default: preset }: ParameterDescription, factor: number): string {
  const orUnset = preset === null ? ', or null' : '';
  if (type === 'BOOLEAN') return 'true or false';
  if (type === 'CHOICE') return `one of ${(choices ?? []).join(', ')}`;
  const kind = type === 'INTEGER' ? 'a whole number' : 'a number';
  const scale = factor === 1 ? '' : ` (as ${factor} ${unit ?? ''} each)`;
  return `${kind} from ${(min ?? -Infinity) / factor} to ${(max ?? Infinity) / factor}${scale}${orUnset}`;
}

function numberFields(
  unit: string,
  description: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, whole = false, otherNames = [] }: NumberOptions = {},
): Omit<ParameterDescription, 'name' | 'default'> {
  return {
    type: whole ? 'INTEGER' : 'NUMBER',
    unit,
    min,
    max,
    choices: null,
    description,
    otherNames: otherNames.map((other) => (typeof other === 'string' ? { name: other, factor: 1 } : other)),
  };
}
