/** What the recorder wrote to /proc and /sys. */
import {
  compactMemory,
  runToEnd,
  setHugepageDefrag,
  setTransparentHugepages,
  writeCompactionProactiveness,
  writeMinFreeKbytes,
  writeWatermarkScaleFactor,
  type Memory,
} from '#memory-core';

/** False for a file that the replay does not know. */
export function writeFile(memory: Memory, path: string, value: string): boolean {
  const name = path.split('/').at(-1);
  const node = /\/node(\d+)\/compact$/.exec(path)?.[1];
  if (node !== undefined) {
    runToEnd(memory, compactMemory(memory, { node: Number(node) }));
    return true;
  }
  switch (name) {
    case 'min_free_kbytes':
      writeMinFreeKbytes(memory, Number(value));
      return true;
    case 'watermark_scale_factor':
      writeWatermarkScaleFactor(memory, Number(value));
      return true;
    case 'compaction_proactiveness':
      writeCompactionProactiveness(memory, Number(value));
      return true;
    case 'enabled':
      setTransparentHugepages(memory, value !== 'never');
      return true;
    case 'defrag':
      // Only mappings with the advice ask for huge pages, and these try as hard with `madvise` as with `always`.
      setHugepageDefrag(memory, value !== 'never');
      return true;
    default:
      return false;
  }
}
