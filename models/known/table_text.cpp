#include "models/known/table_text.h"

// The assembler takes the file in, so that it stays a plain text that a person can edit.
__asm__(
    ".section .rodata.troupe_known_models,\"a\",@progbits\n"
    ".hidden troupe_known_models_begin\n.hidden troupe_known_models_end\n"
    ".globl troupe_known_models_begin\n.globl troupe_known_models_end\n"
    "troupe_known_models_begin:\n.incbin \"" TROUPE_KNOWN_MODELS
    "\"\n"
    "troupe_known_models_end:\n.byte 0\n.previous\n");
extern "C" const char troupe_known_models_begin[], troupe_known_models_end[];

namespace troupe::models {

std::string_view known_models_text() {
  return {troupe_known_models_begin, troupe_known_models_end};
}

}  // namespace troupe::models
