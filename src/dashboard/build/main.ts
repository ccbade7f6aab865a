import { ensureDashboard } from './ensure.ts';
import { HERE } from './places.ts';

process.stdout.write((await ensureDashboard()) ? `built ${HERE.built}\n` : `${HERE.built} is up to date\n`);
