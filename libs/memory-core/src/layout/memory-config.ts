/**
 * Reads a configuration from text, trusting nothing: each field is checked before columns are made from it. The result has
 * its keys in one order, so that equal configurations have equal texts.
 */
import { MAX_ORDER_PAGES, PAGEBLOCK_PAGES, ZONE_TYPES } from './constants.js';
import { MAX_RAM_PAGES } from './machine.js';
import type { MachinePlan, PfnRange, ZonePlan } from './machine.js';
import type { MemoryConfig } from './memory.js';
import { KERNEL_PROFILES } from './profile.js';

type Fields = Readonly<Record<string, unknown>>;
const MAX_ZONES = 32;
const MAX_CPUS = 16;

/** Throws RangeError that names the field. */
export function parseConfig(text: string): MemoryConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RangeError('its configuration is not JSON');
  }
  const fields = fieldsOf(parsed, 'configuration');
  const kernelProfile = KERNEL_PROFILES.find((profile) => profile === fields['kernelProfile']);
  if (kernelProfile === undefined) throw new RangeError(`kernelProfile must be one of ${KERNEL_PROFILES.join(', ')}`);
  return {
    kernelProfile,
    memoryBallooning: booleanOf(fields, 'memoryBallooning'),
    balloonCompaction: booleanOf(fields, 'balloonCompaction'),
    transparentHugepages: booleanOf(fields, 'transparentHugepages'),
    cpus: cpusOf(fields),
    addressSpaces: booleanOf(fields, 'addressSpaces'),
    swapPages: countOf(fields, 'swapPages'),
    filePages: countOf(fields, 'filePages'),
    machine: parseMachine(fieldsOf(fields['machine'], 'machine')),
  };
}

function parseMachine(fields: Fields): MachinePlan {
  const zones = listOf(fields, 'zones').map((zone) => parseZone(fieldsOf(zone, 'zone')));
  if (zones.length === 0 || zones.length > MAX_ZONES) throw new RangeError(`zones must be 1 to ${MAX_ZONES}`);
  zones.reduce((endPfn, zone) => {
    if (zone.range.startPfn < endPfn) throw new RangeError('zones must ascend, each from a pageblock of its own');
    return Math.ceil(zone.range.endPfn / PAGEBLOCK_PAGES) * PAGEBLOCK_PAGES;
  }, 0);
  return { zones, holeStartPfn: countOf(fields, 'holeStartPfn'), holePages: countOf(fields, 'holePages') };
}

function parseZone(fields: Fields): ZonePlan {
  const type = countOf(fields, 'type');
  const node = countOf(fields, 'node');
  if (type >= ZONE_TYPES || node >= MAX_ZONES) throw new RangeError('a zone has an unknown type or node');
  return {
    node,
    type,
    range: parseRange(fields['range']),
    holes: listOf(fields, 'holes').map(parseRange),
    reserved: listOf(fields, 'reserved').map(parseRange),
    lateManagedPages: countOf(fields, 'lateManagedPages'),
  };
}

function parseRange(value: unknown): PfnRange {
  const fields = fieldsOf(value, 'range');
  const range = { startPfn: countOf(fields, 'startPfn'), endPfn: countOf(fields, 'endPfn') };
  if (range.startPfn >= range.endPfn) throw new RangeError('a range of pfns is empty');
  return range;
}

function cpusOf(fields: Fields): number {
  const cpus = countOf(fields, 'cpus');
  if (cpus < 1 || cpus > MAX_CPUS) throw new RangeError(`cpus must be from 1 to ${MAX_CPUS}, got ${cpus}`);
  return cpus;
}

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw new RangeError(`${name} must be an object`);
  return value as Fields;
}

function listOf(fields: Fields, name: string): unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new RangeError(`${name} must be a list`);
  return value;
}

function booleanOf(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw new RangeError(`${name} must be true or false`);
  return value;
}

function countOf(fields: Fields, name: string): number {
  const value = fields[name];
  const highest = MAX_RAM_PAGES + MAX_ORDER_PAGES;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > highest) {
    throw new RangeError(`${name} must be a whole number from 0 to ${highest}`);
  }
  return value;
}
