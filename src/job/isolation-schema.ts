import { z } from 'zod';
import { isolations } from './isolation.ts';

export const isolation = z.enum(isolations, { error: `expected ${isolations.join(' or ')}` });

export const isolationFields = { isolation: isolation.optional() };
