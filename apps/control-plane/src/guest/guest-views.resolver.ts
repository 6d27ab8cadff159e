import { MAX_PAGE_MAP_COLUMNS, MEMORY_METRICS, type ProcFile, type ZoneSample } from '#contracts';
import { History as HistoryQuestions, type GuestRecord, type HistoryColumns } from '#persistence';
import { Args, Context, Field, Int, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { ProcFileEnum } from '../enums.js';
import { GuestHistoryArgs } from '../history/history.args.js';
import { historyCost } from '../history/history-cost.js';
import { GuestHistory } from '../history/history.model.js';
import { checkRange } from '../limits/checks.js';
import type { Loaders } from '../loaders.js';
import { Count } from '../scalars/whole-number.js';
import { GuestInspections } from './guest-inspections.js';
import { Guest } from './guest.model.js';
import { Balloon, GuestMemory, toBalloon, toMemory } from './memory.model.js';
import { PageMap } from './page-map.model.js';
import { Zone } from './zone.model.js';

/** A guest has three zones or so, and its vmstat some hundred lines. */
const ZONES = 4;
const VMSTAT_LINES = 120;
/** A question to the guest's owner goes through the queue. */
const INSPECTION_COST = 500;
const DEFAULT_COLUMNS = 256;

@ObjectType({ description: 'A line of /proc/vmstat.' })
export class VmstatEntry {
  @Field()
  name!: string;

  @Field(() => Count)
  value!: number;
}

/** What a guest's memory looks like, now and before. */
@Resolver(() => Guest)
export class GuestViewsResolver {
  constructor(
    private readonly past: HistoryQuestions,
    private readonly inspections: GuestInspections,
  ) {}

  @ResolveField(() => GuestMemory, { nullable: true, description: 'Null until the first sample is stored.' })
  async memory(@Parent() guest: GuestRecord, @Context('loaders') loaders: Loaders): Promise<GuestMemory | null> {
    const latest = await loaders.latest.load(guest.id);
    return latest === null ? null : toMemory(guest, latest);
  }

  @ResolveField(() => Balloon, { nullable: true, description: 'Null until the first sample is stored.' })
  async balloon(@Parent() guest: GuestRecord, @Context('loaders') loaders: Loaders): Promise<Balloon | null> {
    const latest = await loaders.latest.load(guest.id);
    return latest === null ? null : toBalloon(guest, latest);
  }

  @ResolveField(() => [Zone], { complexity: ({ childComplexity }) => ZONES * childComplexity })
  async zones(@Parent() guest: GuestRecord, @Context('loaders') loaders: Loaders): Promise<readonly ZoneSample[]> {
    return (await loaders.detail.load(guest.id))?.zones ?? [];
  }

  @ResolveField(() => [VmstatEntry], {
    complexity: VMSTAT_LINES,
    description: "Linux's names, in Linux's order.",
  })
  async vmstat(@Parent() guest: GuestRecord, @Context('loaders') loaders: Loaders): Promise<VmstatEntry[]> {
    const lines = (await loaders.detail.load(guest.id))?.vmstat ?? [];
    return lines.map(([name, value]) => ({ name, value }));
  }

  @ResolveField(() => String, {
    complexity: INSPECTION_COST,
    description: 'A file of /proc (the indices: of debugfs) as Linux prints it, asked of the guest itself.',
  })
  async procfs(
    @Parent() guest: GuestRecord,
    @Args('file', { type: () => ProcFileEnum }) file: ProcFile,
  ): Promise<string> {
    return (await this.inspections.ask(guest.id, { kind: 'PROCFS', file })).text;
  }

  @ResolveField(() => PageMap, { complexity: INSPECTION_COST })
  pageMap(
    @Parent() guest: GuestRecord,
    @Args('columns', { type: () => Int, defaultValue: DEFAULT_COLUMNS, description: 'Cells at most, 1 to 4096.' })
    columns: number,
  ): Promise<PageMap> {
    return this.inspections.ask(guest.id, {
      kind: 'PAGE_MAP',
      columns: checkRange('columns', columns, 1, MAX_PAGE_MAP_COLUMNS),
    });
  }

  @ResolveField(() => GuestHistory, { complexity: historyCost(MEMORY_METRICS.length) })
  history(
    @Parent() guest: GuestRecord,
    @Args() { from, to, step, maxPoints, metrics, aggregate }: GuestHistoryArgs,
  ): Promise<HistoryColumns> {
    const range = { from, to, stepMs: step ?? null, maxPoints: maxPoints ?? null };
    return this.past.ofGuest(guest.id, range, metrics ?? MEMORY_METRICS, aggregate);
  }
}
