// Usage: node unpack.mjs TARGET - unpacks the packed browser and its libraries into TARGET.
import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const target = process.argv[2];
const packed = join(import.meta.dirname, "node_modules", "@sparticuz", "chromium", "bin");
mkdirSync(target, { recursive: true });
for (const [name, options] of [["chromium", { mode: 0o755 }], ["al2023.tar", {}], ["swiftshader.tar", {}], ["fonts.tar", {}]]) {
  const source = createReadStream(join(packed, `${name}.br`));
  await pipeline(source, createBrotliDecompress(), createWriteStream(join(target, name), options));
}
