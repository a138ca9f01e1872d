// Decides which IP addresses the Worker may send requests to for somebody else: those of the public internet alone.
import { type IpAddress, parseIpAddress, v4OfGroups } from "./ip-address.ts";

/** `loopback` is told apart from the rest: local development may allow it. */
export type AddressKind = "public" | "loopback" | "refused";

/** Special-purpose blocks of RFC 6890 and its registry, and addresses at which platforms serve metadata. */
const V4_BLOCKS: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  // Azure's wire server, which answers inside of its network under a public number.
  "168.63.129.16/32",
];

/** Within 2000::/3, the only block that is handed out. */
const V6_BLOCKS: readonly { groups: readonly number[]; bits: number }[] = [
  // Protocol assignments, Teredo and ORCHID among them.
  { groups: [0x2001, 0x0000], bits: 23 },
  { groups: [0x2001, 0x0db8], bits: 32 },
  // 6to4: an IPv4 address that a relay reaches.
  { groups: [0x2002], bits: 16 },
  { groups: [0x2620, 0x004f, 0x8000], bits: 48 },
  { groups: [0x3fff], bits: 20 },
];

const LOOPBACK_V6 = [0, 0, 0, 0, 0, 0, 0, 1];
const NAT64 = [0x64, 0xff9b, 0, 0, 0, 0];
const MAPPED = [0, 0, 0, 0, 0, 0xffff];

/** `text` is a canonical IPv4 address, or an IPv6 address with or without brackets; null when it is neither. */
export function judgeAddress(text: string): AddressKind | null {
  const address = parseIpAddress(text);
  return address === null ? null : kindOf(address);
}

function kindOf(address: IpAddress): AddressKind {
  return address.version === 4 ? kindOfV4(address.bytes) : kindOfV6(address.groups);
}

function kindOfV4(bytes: readonly number[]): AddressKind {
  if (bytes[0] === 127) return "loopback";
  return V4_BLOCKS.some((block) => isInV4(bytes, block)) ? "refused" : "public";
}

function isInV4(bytes: readonly number[], block: string): boolean {
  const [network = "", bits = "32"] = block.split("/");
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(bytes) / shift) === Math.floor(toNumber(network.split(".").map(Number)) / shift);
}

function toNumber(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function kindOfV6(groups: readonly number[]): AddressKind {
  if (startsWith(groups, LOOPBACK_V6)) return "loopback";
  // Both are other spellings of an IPv4 address, and lead where that one leads.
  if (startsWith(groups, MAPPED) || startsWith(groups, NAT64)) {
    return kindOf(v4OfGroups(groups[6] ?? 0, groups[7] ?? 0));
  }
  const isHandedOut = (groups[0] ?? 0) >> 13 === 1;
  if (!isHandedOut || V6_BLOCKS.some((block) => isInV6(groups, block))) return "refused";
  return isIsatap(groups) ? "refused" : "public";
}

function startsWith(groups: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((group, index) => groups[index] === group);
}

function isInV6(groups: readonly number[], block: { groups: readonly number[]; bits: number }): boolean {
  return Array.from({ length: Math.ceil(block.bits / 16) }, (_, index) => {
    const bits = Math.min(16, block.bits - index * 16);
    return (groups[index] ?? 0) >> (16 - bits) === (block.groups[index] ?? 0) >> (16 - bits);
  }).every(Boolean);
}

/** ISATAP carries an IPv4 address of the site behind this mark. */
function isIsatap(groups: readonly number[]): boolean {
  return ((groups[4] ?? 0) & 0xfdff) === 0 && groups[5] === 0x5efe;
}
