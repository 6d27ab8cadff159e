import { Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { CellStatusEnum, ExperimentStatusEnum } from '../enums.js';
import { connectionTypes } from '../paging/connection.js';
import { DateTime } from '../scalars/date-time.js';
import { Json } from '../scalars/json.js';

@ObjectType({ description: 'A policy at a ratio under a seed.' })
export class ExperimentCell {
  @Field()
  policy!: string;

  @Field(() => Float)
  ratio!: number;

  @Field(() => Float)
  seed!: number;

  @Field(() => CellStatusEnum)
  status!: string;

  @Field(() => Float, { description: '0 to 1.' })
  progress!: number;

  @Field(() => Int, { description: 'How often it was begun.' })
  attempts!: number;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  error!: string | null;

  @Field(() => Json, { nullable: true, description: 'Once the experiment is answered: its figures by name.' })
  metrics!: unknown;
}

@ObjectType({ description: 'Over the seeds of a policy and ratio: mean and 95 % interval.' })
export class ExperimentSummary {
  @Field()
  policy!: string;

  @Field(() => Float)
  ratio!: number;

  @Field()
  metric!: string;

  @Field(() => Float)
  mean!: number;

  @Field(() => Float)
  low!: number;

  @Field(() => Float)
  high!: number;

  @Field(() => Json, {
    nullable: true,
    description:
      'mean, low, high and holmP, its p value corrected for the policies at the ratio; null for the first policy.',
  })
  pairedDifferenceToBaseline!: unknown;
}

@ObjectType()
export class ExperimentFrontier {
  @Field()
  policy!: string;

  @Field(() => Float, { nullable: true, description: 'Largest ratio that meets the objective; null when none does.' })
  ratio!: number | null;

  @Field(() => Float, { nullable: true })
  low!: number | null;

  @Field(() => Float, { nullable: true })
  high!: number | null;

  @Field(() => String, { nullable: true, description: 'What broke first beyond it; null when nothing did.' })
  firstBroken!: string | null;

  @Field(() => Float, { nullable: true, description: "The same ratio, did the host's reserve not count." })
  ratioWithoutReserve!: number | null;
}

@ObjectType({ description: 'A part of the objective that does not hold at a ratio under a policy.' })
export class ExperimentBreak {
  @Field({ description: 'performance, fairness, safety, reserve or recovery.' })
  part!: string;

  @Field()
  metric!: string;

  @Field(() => Float, { description: 'Mean over the seeds, as the objective counts it.' })
  value!: number;

  @Field(() => Float, { description: 'What the objective allows.' })
  limit!: number;

  @Field(() => [Float], { description: 'Seeds in which it does not hold, each by itself.' })
  brokenSeeds!: readonly number[];

  @Field(() => Json, { description: 'Where it is worst: seed and, for what strikes guests, guest and host.' })
  worst!: unknown;

  @Field({ description: 'In words: by how much, where.' })
  text!: string;

  @Field({ description: 'What helps.' })
  remedy!: string;
}

@ObjectType({
  description: 'Windows below the objective that guests have at full backing, too: no policy could help them.',
})
export class ExperimentShortage {
  @Field(() => Float, { description: 'Share of all windows, mean over the seeds.' })
  windowsRatio!: number;

  @Field(() => Int, { description: 'Guests that have such windows, under the seed that has most of them.' })
  guests!: number;

  @Field(() => Json, { description: 'The guest that has most of them: seed, guest and host.' })
  worst!: unknown;

  @Field({ description: 'In words: how many, whose, and what helps.' })
  text!: string;
}

@ObjectType({ description: 'What broke at a ratio under a policy.' })
export class ExperimentJudgement {
  @Field()
  policy!: string;

  @Field(() => Float)
  ratio!: number;

  @Field(() => [ExperimentBreak], {
    description: 'What misses its limit by the largest factor first; empty when the objective holds.',
  })
  broken!: readonly ExperimentBreak[];

  @Field(() => ExperimentShortage, {
    nullable: true,
    description:
      'What is no policy’s doing, and not counted in `broken`; null where there is nothing of it, and in answers stored before it was told apart.',
  })
  shortAtFullBacking!: ExperimentShortage | null;
}

@ObjectType({ description: 'Paths of the answer as files, from the address of the API.' })
export class ExperimentDownloads {
  @Field({ description: 'One page with plots that needs nothing else.' })
  report!: string;

  @Field({ description: 'Cells, summary, frontier and what broke as one CSV table.' })
  csv!: string;

  @Field({ description: 'The answer as the command line prints it.' })
  json!: string;
}

@ObjectType({ description: 'How far a fleet can be overcommitted, with which policy, and what breaks first.' })
export class Experiment {
  @Field(() => ID)
  id!: string;

  @Field()
  name!: string;

  @Field(() => ExperimentStatusEnum)
  status!: string;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  reason!: string | null;

  @Field(() => Json, { description: 'Complete: every default is filled in.' })
  spec!: unknown;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field()
  requestedBy!: string;
}

export const { Connection: ExperimentConnection, ConnectionResolver: ExperimentConnectionResolver } =
  connectionTypes(Experiment);

@ObjectType({ description: 'A classic question as a spec that can be run as it is.' })
export class ExperimentPreset {
  @Field()
  name!: string;

  @Field()
  question!: string;

  @Field(() => Json)
  spec!: unknown;
}

@InputType()
export class StartExperimentInput {
  @Field(() => Json, {
    nullable: true,
    description:
      'As `ballast experiment --schema` describes it; paths of traces lie below the trace folder of the workers, or are trace:ID for an imported one.',
  })
  spec?: unknown;

  @Field(() => String, { nullable: true, description: 'Instead of a spec: the name of one of `experimentPresets`.' })
  preset?: string | null;

  @Field(() => String, { nullable: true, description: 'The same key and spec again find the same experiment.' })
  idempotencyKey?: string | null;
}

@ObjectType()
export class StartExperimentPayload {
  @Field(() => Experiment)
  experiment!: unknown;
}

@InputType()
export class CancelExperimentInput {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
export class CancelExperimentPayload {
  @Field(() => Experiment)
  experiment!: unknown;
}

@InputType()
export class DeleteExperimentInput {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
export class DeleteExperimentPayload {
  @Field(() => ID)
  deletedId!: string;
}
