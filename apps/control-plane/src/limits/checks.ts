/** Checks of single fields of an input; each failure names the field and what it accepts. */
import { DomainError } from '#contracts';

export function badInput(field: string, accepted: string, got: unknown): DomainError {
  return new DomainError('BAD_INPUT', `${field} must be ${accepted}, got ${JSON.stringify(got)}`, field);
}

export function checkRange(field: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw badInput(field, `from ${min} to ${max}`, value);
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function checkName(field: string, value: string): string {
  if (NAME.test(value)) return value;
  throw badInput(
    field,
    '1 to 63 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    value.slice(0, 80),
  );
}

export function checkText(field: string, value: string, maxLength: number): string {
  if (value.length > 0 && value.length <= maxLength) return value;
  throw badInput(field, `1 to ${maxLength} characters long`, `${value.length} characters`);
}

export function checkOneOf<Value extends string>(field: string, value: string, accepted: readonly Value[]): Value {
  const found = accepted.find((one) => one === value);
  if (found !== undefined) return found;
  throw badInput(field, `one of ${accepted.join(', ')}`, value.slice(0, 80));
}
