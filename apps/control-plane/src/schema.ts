/**
 * Writes schema.graphql from the code, sorted, without starting anything; with `--check` only says whether the file that is there
 * is that one.
 */
import 'reflect-metadata';
import { readFile, writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { RESOLVERS } from './resolvers.js';

const FILE = 'schema.graphql';
const HEADER = '# Generated from apps/control-plane by `npm run schema`; do not edit.\n\n';

const application = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: ['error'] });
const schema = await application.get(GraphQLSchemaFactory).create(RESOLVERS);
const text = `${HEADER}${printSchema(lexicographicSortSchema(schema))}\n`;
await application.close();

if (!process.argv.includes('--check')) {
  await writeFile(FILE, text);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== text) {
  console.error(`${FILE} is not what the code says: run \`npm run schema\` and commit it`);
  process.exitCode = 1;
}
