import { customAlphabet } from 'nanoid';
import { gatewayDir } from '../../../src/egress/layout.ts';
import { initDir } from '../../../src/runtime/init-dir.ts';
import { containerSpec, type ContainerOptions } from '../../../src/runtime/docker/container-spec.ts';
import type { HostFacts } from '../../../src/runtime/docker/host-facts.ts';
import type { SandboxSpec } from '../../../src/runtime/sandbox-spec.ts';

const shortId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);

/** What a worker asks of this host for a small sandbox. */
export function aSandbox(host: HostFacts, over: Partial<SandboxSpec> = {}): SandboxSpec {
  const sandboxId = `sbx_${shortId()}`;
  const { runDir, toolsDir, hostsFile, resolvFile } = host;
  return {
    sandboxId,
    sessionId: 'ses_1',
    tokenId: 'tok_1',
    image: 'daypass/sandbox',
    resources: { cpus: 1, memoryMb: 128, pids: 64, diskMb: 64 },
    mounts: { toolsDir, gatewayDir: gatewayDir(runDir, sandboxId), hostsFile, resolvFile },
    ...over,
  };
}

/** The body of its create call, on a host whose workspaces are in memory. */
export function createBodyOf(spec: SandboxSpec, host: HostFacts, installation: string): Omit<ContainerOptions, 'name'> {
  const place = {
    installation,
    initDir: initDir(host.memoryDir, spec.sandboxId),
    workspace: { kind: 'tmpfs' as const },
    runtime: host.runtime,
    ipv6Loopback: host.ipv6Loopback,
  };
  const { name: _name, ...body } = containerSpec(spec, place);
  return body;
}
