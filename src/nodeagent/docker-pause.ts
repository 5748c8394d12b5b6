// The image of a pod's sandbox: one static program of two hundred bytes that only waits for signals. It is put together here,
// so nothing need be pulled. On both architectures it does this:
//
//     rt_sigprocmask(SIG_BLOCK, {INT, TERM, CHLD}, 0, 8)    blocked, they reach even process 1, which has no handlers
//     wait: rt_sigtimedwait({INT, TERM, CHLD}, 0, 0, 8)     CHLD: reap; else exit(0)
//     reap: wait4(-1, 0, WNOHANG, 0)                        again while there are dead children (orphans, where the pod
//                                                           shares its process namespace), then wait
import { Readable } from 'node:stream';
import type Docker from 'dockerode';

const REPOSITORY = 'kubemu/pause';

/** A program in machine code; the set of signals follows it as its last eight bytes. */
interface Program {
  /** e_machine of ELF. */
  readonly machine: number;
  readonly code: readonly string[];
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  amd64: {
    machine: 0x3e,
    code: [
      'b80e000000 31ff 488d3553000000 31d2 41ba08000000 0f05', // rt_sigprocmask
      'b880000000 488d3d3d000000 31f6 31d2 41ba08000000 0f05', // wait: rt_sigtimedwait
      '83f802 7405 83f80f 7509', // cmp eax, INT; je exit; cmp eax, TERM; jne reap
      '31ff b83c000000 0f05', // exit: exit(0)
      'b83d000000 48c7c7ffffffff 31f6 ba01000000 4531d2 0f05', // reap: wait4
      '85c0 7fe4 ebb7', // test eax, eax; jg reap; jmp wait
      '0240010000000000',
    ],
  },
  arm64: {
    machine: 0xb7,
    code: [
      'e81080d2 000080d2 41030010 020080d2 030180d2 010000d4',
      '281180d2 a0020010 010080d2 020080d2 030180d2 010000d4',
      '1f0800f1 60000054 1f3c00f1 81000054',
      'a80b80d2 000080d2 010000d4',
      '882080d2 00008092 010080d2 220080d2 030080d2 010000d4',
      '1f0000f1 2cffff54 ebffff17',
      '0240010000000000',
    ],
  },
};

const BASE = 0x400000n;
const ELF_HEADER = 64;
const PROGRAM_HEADER = 56;

/** An ELF file with the program. @throws Error for an architecture there is no program for */
function pauseProgram(architecture: string): Buffer {
  const program = PROGRAMS[architecture];
  if (!program) throw new Error(`there is no sandbox program for the architecture ${architecture}`);
  const code = Buffer.from(program.code.join('').replaceAll(' ', ''), 'hex');
  const size = BigInt(ELF_HEADER + PROGRAM_HEADER + code.length);
  const header = Buffer.alloc(ELF_HEADER + PROGRAM_HEADER);
  header.write('7f454c46020101', 0, 'hex'); // 64 bits, little endian
  header.writeUInt16LE(2, 16); // e_type: executable
  header.writeUInt16LE(program.machine, 18);
  header.writeUInt32LE(1, 20); // e_version
  header.writeBigUInt64LE(BASE + BigInt(ELF_HEADER + PROGRAM_HEADER), 24); // e_entry
  header.writeBigUInt64LE(BigInt(ELF_HEADER), 32); // e_phoff
  header.writeUInt16LE(ELF_HEADER, 52); // e_ehsize
  header.writeUInt16LE(PROGRAM_HEADER, 54); // e_phentsize
  header.writeUInt16LE(1, 56); // e_phnum
  header.writeUInt16LE(64, 58); // e_shentsize
  header.writeUInt32LE(1, ELF_HEADER); // p_type: loaded
  header.writeUInt32LE(5, ELF_HEADER + 4); // p_flags: read, execute
  header.writeBigUInt64LE(BASE, ELF_HEADER + 16); // p_vaddr
  header.writeBigUInt64LE(BASE, ELF_HEADER + 24); // p_paddr
  header.writeBigUInt64LE(size, ELF_HEADER + 32); // p_filesz
  header.writeBigUInt64LE(size, ELF_HEADER + 40); // p_memsz
  header.writeBigUInt64LE(0x1000n, ELF_HEADER + 48); // p_align
  return Buffer.concat([header, code]);
}

/** A tar archive of one executable file. */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000755\0', 100);
  header.write('0000000\x000000000\0', 108);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512), Buffer.alloc(1024)]);
}

/** Makes the sandbox image where it is not there yet. @returns its name */
export async function ensurePauseImage(docker: Docker, architecture: string): Promise<string> {
  const name = `${REPOSITORY}:1-${architecture}`;
  try {
    await docker.getImage(name).inspect();
    return name;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
  const tar = Readable.from([tarOf('pause', pauseProgram(architecture))]);
  const progress = await docker.importImage(tar, {
    repo: REPOSITORY,
    tag: `1-${architecture}`,
    changes: 'ENTRYPOINT ["/pause"]',
    platform: `linux/${architecture}`,
  });
  await new Promise<void>((resolve, reject) => docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
  return name;
}
