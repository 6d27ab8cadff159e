import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { demoFleet } from '../fleet/demo-fleet.js';
import { BALLAST_HEADER, ballastRows } from './ballast-format.js';
import { readTrace } from './read-trace.js';
import type { TraceFile, TraceReading } from './trace-reading.js';

const HEADER =
  'Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\t' +
  'Memory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\t' +
  'Disk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]';

/** A row with the columns that count; others as they come. */
function row(
  time: string,
  { capacity = '1048576.0', active = '1024.5', cpu = '1.5', read = '0.25', write = '21.5' } = {},
) {
  return [time, '2', '5851.9', '87.7', cpu, capacity, active, read, write, '0.2', '1.4'].join(';\t');
}

const file = (text: string, name = '7.csv'): TraceFile => ({ name, chunks: [text] });
const gwa = (...lines: string[]): TraceReading => readTrace('GWA_T_12', [file([HEADER, ...lines].join('\n'))]);

function problems(reading: TraceReading): string[] {
  if (reading.outcome === 'READ') return [];
  return reading.problems.map((problem) => `${problem.file}:${problem.line} ${problem.message}`);
}

describe('the GWA-T-12 reader', () => {
  it('takes the times for the seconds they are, and KB for KiB', () => {
    expect(gwa(row('1372629804'), row('1372630104'))).toEqual({
      outcome: 'READ',
      rowCount: 2,
      skippedVms: [],
      series: [
        {
          vm: '7',
          assignedBytes: 2 ** 30,
          timesMs: [0, 300_000],
          activeBytes: [1_049_088, 1_049_088],
          diskReadBytesPerSec: [256, 256],
          diskWriteBytesPerSec: [22_016, 22_016],
          cpuRatio: [0.015, 0.015],
          meaning: 'ACTIVE',
        },
      ],
    });
  });

  it('takes milliseconds for milliseconds', () => {
    expect(gwa(row('1372629804000'), row('1372630104000'))).toMatchObject({ series: [{ timesMs: [0, 300_000] }] });
  });

  it('survives CRLF, a byte order mark, blank lines, a missing last line end, and every decimal form', () => {
    const lines = [
      `\uFEFF${HEADER}`,
      row('10', { active: '8.' }),
      '',
      row('20', { active: '.5E3' }),
      row('30', { active: '1e3' }),
    ];
    const reading = readTrace('GWA_T_12', [file(`${lines.join('\r\n')}\r\n\r\n`)]);
    expect(reading).toMatchObject({ rowCount: 3, series: [{ activeBytes: [8192, 512_000, 1_024_000] }] });
    expect(gwa(row('10'), row('20'))).toMatchObject({ rowCount: 2 });
  });

  it('takes the largest capacity over the VM’s life, and nothing active while it is off', () => {
    const reading = gwa(
      row('10', { capacity: '1024' }),
      row('20', { capacity: '0.0', active: '512' }),
      row('30', { capacity: '4096' }),
      row('40', { capacity: '2048' }),
    );
    expect(reading).toMatchObject({
      series: [{ assignedBytes: 4 * 2 ** 20, activeBytes: [1_049_088, 0, 1_049_088, 1_049_088] }],
    });
  });

  it('keeps gaps and short lives, and counts all times from the first row of all files', () => {
    const text = (...lines: string[]): string => [HEADER, ...lines].join('\n');
    const reading = readTrace('GWA_T_12', [
      file(text(row('1000'), row('1300'), row('90000')), 'a/1.csv'),
      file(text(row('700')), 'a/2.csv'),
    ]);
    expect(reading).toMatchObject({
      series: [
        { vm: '1', timesMs: [300_000, 600_000, 89_300_000] },
        { vm: '2', timesMs: [0] },
      ],
    });
  });

  it('leaves out, and names, a VM that never had memory', () => {
    const off = [HEADER, row('10', { capacity: '0' })].join('\n');
    const on = [HEADER, row('10')].join('\n');
    expect(readTrace('GWA_T_12', [file(off, '1.csv'), file(on, '2.csv')])).toMatchObject({
      skippedVms: ['1'],
      rowCount: 1,
    });
    expect(problems(readTrace('GWA_T_12', [file(off, '1.csv')]))).toEqual(['1.csv:0 no VM in it ever has memory']);
  });

  it('rejects all of it when rows are wrong, naming each with its line', () => {
    const reading = gwa(
      row('10'),
      row('twenty'),
      '',
      row('30', { active: '-1' }),
      row('40', { active: 'NaN' }),
      'garbage',
      row('50', { read: '1,5' }),
      row('5'),
      row('60', { capacity: '' }),
      `${row('70')};\t3`,
      row('80'),
    );
    expect(problems(reading)).toEqual([
      '7.csv:3 timestamp must be a number from 0, got "twenty"',
      '7.csv:5 memory usage must be a number from 0, got "-1"',
      '7.csv:6 memory usage must be a number from 0, got "NaN"',
      '7.csv:7 expected 11 cells, got 1',
      '7.csv:8 disk read throughput must be a number from 0, got "1,5"',
      '7.csv:9 time must be after the row before, got "5"',
      '7.csv:10 memory capacity provisioned must be a number from 0, got ""',
      '7.csv:11 expected 11 cells, got 12',
    ]);
  });

  it('stops at the limit of problems', () => {
    const lines = Array.from({ length: 100 }, () => 'garbage');
    expect(problems(gwa(...lines))).toHaveLength(20);
    expect(problems(readTrace('GWA_T_12', [file([HEADER, ...lines].join('\n'))], 3))).toHaveLength(3);
  });

  it.each([
    ['an empty file', '', '7.csv:0 the file is empty'],
    ['a header alone', HEADER, '7.csv:0 the file has a header and no rows'],
    ['another format', 'vm,timeMs,bytes\n1,2,3', '7.csv:1 expected the header of GWA-T-12 with columns starting'],
    ['a JPEG', '\uFFFD\uFFFD\u0000JFIF\u0000', '7.csv:1 expected the header of GWA-T-12'],
    ['one endless line', 'x'.repeat(1_000_000), '7.csv:1 expected the header of GWA-T-12'],
  ])('rejects %s', (_, text, message) => {
    const [first, ...others] = problems(readTrace('GWA_T_12', [file(text)]));
    expect(first).toContain(message);
    expect(others).toEqual([]);
  });

  it('rejects the same VM twice', () => {
    const text = [HEADER, row('10')].join('\n');
    expect(problems(readTrace('GWA_T_12', [file(text, 'a/1.csv'), file(text, 'b/1.csv')]))).toEqual([
      'b/1.csv:0 VM 1 comes twice',
    ]);
  });

  it('reads the same from pieces cut anywhere', () => {
    const text = [HEADER, row('10'), row('20'), 'garbage', row('30')].join('\r\n');
    const whole = readTrace('GWA_T_12', [file(text)]);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 30 }), (cuts) => {
        const places = [0, ...cuts.sort((one, other) => one - other), text.length];
        const chunks = places.slice(1).map((to, at) => text.slice(places[at], to));
        expect(readTrace('GWA_T_12', [{ name: '7.csv', chunks }])).toEqual(whole);
      }),
    );
  });

  it('reads the traces that come with the project', () => {
    const { trace, guests } = demoFleet();
    const folder = 'data/traces/gwa-t-12-rnd-2013-7';
    expect([...trace.files].sort()).toEqual(
      readdirSync(folder)
        .map((name) => `${folder}/${name}`)
        .sort(),
    );
    const reading = readTrace(
      'GWA_T_12',
      trace.files.map((name) => file(readFileSync(name, 'utf8'), name)),
    );
    if (reading.outcome === 'REJECTED') throw new Error(JSON.stringify(reading.problems));
    expect(reading).toMatchObject({ rowCount: 24 * 576, skippedVms: [] });
    const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
    expect(guests.map((guest) => [guest.workload.vm, mib(guest.assignedBytes)])).toEqual(
      reading.series.map((series) => [series.vm, mib(series.assignedBytes)]),
    );
  });
});

describe('the plain reader', () => {
  const plain = (...lines: string[]): TraceReading =>
    readTrace('BALLAST', [file(['vm,timeMs,bytes', ...lines].join('\n'), 'plain.csv')]);

  it('reads VMs in any order, and takes the largest value in whole MiB for their size', () => {
    expect(plain('web,1000,1048577', 'db,2000,5', 'web,3000,10')).toEqual({
      outcome: 'READ',
      rowCount: 3,
      skippedVms: [],
      series: [
        expect.objectContaining({
          vm: 'web',
          assignedBytes: 2 ** 21,
          timesMs: [0, 2000],
          activeBytes: [1_048_577, 10],
        }),
        expect.objectContaining({ vm: 'db', assignedBytes: 2 ** 20, timesMs: [1000], diskReadBytesPerSec: [0] }),
      ],
    });
  });

  it('survives CRLF and a byte order mark', () => {
    const text = '\uFEFFvm,timeMs,bytes\r\nweb,1,2\r\n';
    expect(readTrace('BALLAST', [file(text)])).toMatchObject({ outcome: 'READ', rowCount: 1 });
  });

  it('rejects wrong rows with their lines', () => {
    expect(problems(plain('web,1,2', 'web,1,2', 'web,1.5,2', ',5,2', 'web,9,-2', 'web,9', 'a,b,c,d'))).toEqual([
      'plain.csv:3 timeMs must be after the row before of VM web, got 1',
      'plain.csv:4 timeMs must be a whole number from 0, got "1.5"',
      'plain.csv:5 vm must have 1 to 200 characters',
      'plain.csv:6 bytes must be a whole number from 0, got "-2"',
      'plain.csv:7 expected 3 cells, vm,timeMs,bytes, got 2',
      'plain.csv:8 expected 3 cells, vm,timeMs,bytes, got 4',
    ]);
    expect(problems(readTrace('BALLAST', [file('a;b\n1;2', 'x')]))).toEqual([
      'x:1 expected the header vm,timeMs,bytes',
    ]);
    expect(problems(plain())).toEqual(['plain.csv:0 the file has a header and no rows']);
  });
});

describe('sizes and times of the plain reader', () => {
  it('may come with the rows, and in seconds', () => {
    const text = 'vm,timeSec,bytes,assignedBytes\na,1,5,4096\na,3,9,8192';
    expect(readTrace('BALLAST', [file(text)])).toMatchObject({
      series: [{ assignedBytes: 8192, timesMs: [0, 2000], activeBytes: [5, 9], meaning: 'USED' }],
    });
    expect(readTrace('BALLAST', [file('vm,time,bytes\na,1,5')])).toMatchObject({ outcome: 'READ' });
    expect(problems(readTrace('BALLAST', [file('vm,timeMs,bytes,assignedBytes\na,1,5,x\na,1,5', 'x')]))).toEqual([
      'x:2 assignedBytes must be a whole number from 0, got "x"',
      'x:3 expected 4 cells, vm,timeMs,bytes,assignedBytes, got 3',
    ]);
  });
});

describe("what is written in the project's own format", () => {
  it('is read back as it was', () => {
    const use = fc.record({ timeMs: fc.nat({ max: 1e9 }), bytes: fc.maxSafeNat() });
    const uses = fc
      .uniqueArray(use, { minLength: 1, maxLength: 20, selector: ({ timeMs }) => timeMs })
      .map((some) => some.toSorted((one, other) => one.timeMs - other.timeMs));
    fc.assert(
      fc.property(uses, uses, fc.integer({ min: 1, max: 2 ** 50 }), (first, second, assignedBytes) => {
        const text = `${BALLAST_HEADER}\n${ballastRows('web-1', assignedBytes, first)}${ballastRows('db.2', 4096, second)}`;
        const startMs = Math.min(first[0]!.timeMs, second[0]!.timeMs);
        const series = [
          { vm: 'web-1', assignedBytes, uses: first },
          { vm: 'db.2', assignedBytes: 4096, uses: second },
        ].map(({ uses: told, ...one }) => ({
          ...one,
          timesMs: told.map(({ timeMs }) => timeMs - startMs),
          activeBytes: told.map(({ bytes }) => bytes),
        }));
        expect(readTrace('BALLAST', [file(text)])).toMatchObject({ outcome: 'READ', series });
      }),
    );
  });
});

describe('the Google reader', () => {
  const google = (...lines: string[]): TraceReading =>
    readTrace('GOOGLE_2011', [file(['vm,tick,cpu_pct,mem_pct', ...lines].join('\n'), 'g.csv')]);

  it('takes ticks for five minutes and percents of 4 GiB in use', () => {
    expect(google('0,0,50,25', '1,0,1,150', '0,1,0,50')).toMatchObject({
      series: [
        { vm: '0', timesMs: [0, 300_000], activeBytes: [2 ** 30, 2 ** 31], cpuRatio: [0.5, 0], meaning: 'USED' },
        { vm: '1', assignedBytes: 1.5 * 2 ** 32 },
      ],
    });
  });

  it('rejects wrong rows with their lines', () => {
    expect(problems(google('0,0,1,-1', '0,x,1,1', '0,1,1', '0,2,1,1', '0,2,1,1', ',3,1,1', '0,9,-1,1'))).toEqual([
      'g.csv:2 mem_pct must be a number from 0, got "-1"',
      'g.csv:3 tick must be a whole number from 0, got "x"',
      'g.csv:4 expected 4 cells, vm,tick,cpu_pct,mem_pct, got 3',
      'g.csv:6 tick must be after the row before of VM 0, got 2',
      'g.csv:7 vm must not be empty',
      'g.csv:8 cpu_pct must be a number from 0, got "-1"',
    ]);
    expect(problems(readTrace('GOOGLE_2011', [file('a,b\n', 'g.csv')]))).toEqual([
      'g.csv:1 expected the header vm,tick,cpu_pct,mem_pct',
    ]);
  });

  it('reads the sample that comes with the project', () => {
    const path = 'data/traces/google-2011/gcd2011-24vms-24h.csv';
    const reading = readTrace('GOOGLE_2011', [file(readFileSync(path, 'utf8'), path)]);
    expect(reading).toMatchObject({ outcome: 'READ', rowCount: 24 * 288 });
  });
});

describe('the Azure reader', () => {
  const table = (vm: string, memory: string, created = '0', deleted = '600'): string =>
    `${vm},s,d,${created},${deleted},99.4,25,90,Unknown,2,${memory}`;
  const azure = (...texts: string[]): TraceReading =>
    readTrace(
      'AZURE_V2',
      texts.map((text, at) => file(text, `${at}.csv`)),
    );

  it('reads tables of both versions, with readings in any order of files', () => {
    const readings = '0,a,1,9,10\n0,ghost,1,9,10\n300,a,1,9,50';
    expect(azure(readings, [table('a', '1.75'), table('b', '>64', '300')].join('\n'))).toEqual({
      outcome: 'READ',
      rowCount: 4,
      skippedVms: ['ghost'],
      series: [
        expect.objectContaining({
          vm: 'a',
          assignedBytes: 1.75 * 2 ** 30,
          timesMs: [0, 300_000],
          activeBytes: [0, 0],
          cpuRatio: [0.1, 0.5],
          meaning: 'ABSENT',
        }),
        expect.objectContaining({
          vm: 'b',
          assignedBytes: 2 ** 36,
          timesMs: [300_000, 600_000],
          cpuRatio: [0.25, 0.25],
        }),
      ],
    });
  });

  it('skips a header that somebody gave the table', () => {
    const header = 'vmid,subscriptionid,deploymentid,vmcreated,vmdeleted,maxcpu,avgcpu,p95maxcpu,category,cores,memory';
    expect(azure(`${header}\n${table('a', '2')}`)).toMatchObject({ series: [{ vm: 'a' }] });
  });

  it('rejects wrong rows with their lines', () => {
    const rows = [
      table('a', '2'),
      table('a', '2'),
      table('b', 'much'),
      table('c', '2', '9', '3'),
      table('d', '2', 'x'),
      'e,f',
    ];
    expect(problems(azure(rows.join('\n'), '0,a,1,2,3\n0,a,1,2,3\n1,a,1,2\n2,a,1,2,x'))).toEqual([
      '0.csv:2 VM a comes twice',
      '0.csv:3 memory must be a number of GB, or > and a number, got "much"',
      '0.csv:4 deleted must be seconds, not before created, got "3"',
      '0.csv:5 created must be a number of seconds from 0, got "x"',
      '0.csv:6 expected 11 cells of a vmtable, got 2',
      '1.csv:2 time must be after the reading before of VM a, got 0',
      '1.csv:3 expected 5 cells of a CPU reading, got 4',
      '1.csv:4 mean CPU must be a number from 0, got "x"',
    ]);
    expect(problems(azure('a;b'))[0]).toContain('expected a vmtable of 11 columns');
  });

  it('reads the sample that comes with the project', () => {
    const folder = 'data/traces/azure-2017';
    const files = readdirSync(folder).map((name) => file(readFileSync(`${folder}/${name}`, 'utf8'), name));
    expect(readTrace('AZURE_V2', files)).toMatchObject({ outcome: 'READ', rowCount: 20 });
  });
});
