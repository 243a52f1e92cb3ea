#!/usr/bin/env node
import module from 'node:module';
import { requireNode } from '../infra/requirements.ts';

requireNode();
// Every command is a process of its own: it keeps what it has compiled for the next one.
module.enableCompileCache();
await import('./cli.ts');
