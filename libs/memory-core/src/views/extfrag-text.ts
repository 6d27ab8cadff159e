/**
 * extfrag_index and unusable_index of debugfs: one line a populated zone, one value an order.
 * Source: mm/vmstat.c of Linux 6.12 (extfrag_show_print, unusable_show_print), as described in the reference.
 */
import { ORDERS } from '../layout/constants.js';
import { fragmentationIndex, unusableIndex } from '../compaction/fragmentation.js';
import type { Memory } from '../layout/memory.js';
import { populatedZones, zonePrefix } from './zone-names.js';

export function extfragIndexText(memory: Memory): string {
  return lines(memory, (zone, order) => {
    const { whole, rest } = thousandths(fragmentationIndex(memory, zone, order));
    return `${whole.padStart(2)}.${rest}`;
  });
}

export function unusableIndexText(memory: Memory): string {
  return lines(memory, (zone, order) => {
    const { whole, rest } = thousandths(unusableIndex(memory, zone, order));
    return `${whole}.${rest}`;
  });
}

function lines(memory: Memory, value: (zone: number, order: number) => string): string {
  let text = '';
  for (const zone of populatedZones(memory)) {
    text += zonePrefix(memory, zone);
    for (let order = 0; order < ORDERS; order++) text += `${value(zone, order)} `;
    text += '\n';
  }
  return text;
}

/**
 * C's division truncates and its remainder keeps the sign, and the format pads both with what they are: −500 becomes
 * "0.-500", −1 "0.-01".
 */
function thousandths(value: number): { whole: string; rest: string } {
  const rest = value % 1000;
  const digits = String(Math.abs(rest));
  return {
    whole: String(Math.trunc(value / 1000) + 0),
    rest: rest < 0 ? `-${digits.padStart(2, '0')}` : digits.padStart(3, '0'),
  };
}
