import type { TraceFormat } from '#contracts';
import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { TraceFormatEnum } from '../enums.js';
import { connectionTypes } from '../paging/connection.js';
import { DateTime } from '../scalars/date-time.js';

@ObjectType({ description: 'Recorded memory use of virtual machines, for guests to replay.' })
export class Trace {
  @Field(() => ID)
  id!: string;

  @Field()
  name!: string;

  @Field(() => TraceFormatEnum)
  format!: TraceFormat;

  @Field(() => Int)
  vmCount!: number;

  @Field(() => Int)
  rowCount!: number;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const { Connection: TraceConnection, ConnectionResolver: TraceConnectionResolver } = connectionTypes(Trace);

@InputType()
export class TraceFileInput {
  @Field({ description: 'Problems are reported under it; GWA_T_12 takes the name of the VM from it.' })
  name!: string;

  @Field()
  text!: string;
}

@InputType()
export class ImportTraceInput {
  @Field()
  name!: string;

  @Field(() => TraceFormatEnum, { description: 'AZURE_V2 reads tables of V1, too, and has no memory in use.' })
  format!: TraceFormat;

  @Field(() => [TraceFileInput], {
    nullable: true,
    description: 'The files themselves, 1 MiB together at most. Either this or path.',
  })
  upload?: TraceFileInput[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A file, or a folder of CSV files, below the trace folder of the configuration; what is packed with gzip (.csv.gz) is unpacked. Either this or upload.',
  })
  path?: string | null;
}

@ObjectType()
export class ImportTracePayload {
  @Field(() => Trace)
  trace!: unknown;
}

@InputType()
export class DeleteTraceInput {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
export class DeleteTracePayload {
  @Field(() => ID)
  deletedId!: string;
}
