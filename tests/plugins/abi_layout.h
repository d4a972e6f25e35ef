#pragma once

#include <stddef.h>

/// What a header says of one struct, member, number or text, so that two of them can be held against each
/// other.
struct abi_row {
  const char* what;  ///< "troupe_span", "troupe_span.data", "TROUPE_OK", "TROUPE_CALLS"
  char kind;         ///< s: struct, m: member, n: number, t: text
  size_t offset;     ///< of a member; of a number its value
  size_t size;       ///< of a struct or member
  const char* text;
};
