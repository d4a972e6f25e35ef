#include "models/tokens/rank_data.h"

// The assembler takes the files in, since a compiler would need a number for each of their bytes.
#define TROUPE_EMBED(symbol, file)                                                                        \
  __asm__(".section .rodata." #symbol                                                                     \
          ",\"a\",@progbits\n"                                                                            \
          ".hidden " #symbol "_begin\n.hidden " #symbol                                                   \
          "_end\n"                                                                                        \
          ".globl " #symbol "_begin\n.globl " #symbol "_end\n" #symbol "_begin:\n.incbin \"" TROUPE_RANKS \
          "/" file "\"\n" #symbol "_end:\n.byte 0\n.previous\n");                                         \
  extern "C" const unsigned char symbol##_begin[], symbol##_end[];

TROUPE_EMBED(troupe_cl100k_ranks, "cl100k_base.gz")
TROUPE_EMBED(troupe_o200k_ranks, "o200k_base.gz")

namespace troupe::models::tokens {

std::span<const unsigned char> rank_data(EncodingName name) {
  if (name == EncodingName::cl100k_base) return {troupe_cl100k_ranks_begin, troupe_cl100k_ranks_end};
  return {troupe_o200k_ranks_begin, troupe_o200k_ranks_end};
}

}  // namespace troupe::models::tokens
