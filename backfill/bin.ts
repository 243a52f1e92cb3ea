#!/usr/bin/env node
import { requireNode } from '../infra/requirements.ts';

requireNode();
await import('./cli.ts');
