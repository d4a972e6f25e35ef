#include "tools/schema/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kSourceBytes = 4u << 10;
constexpr std::size_t kSubjectBytes = 64u << 10;
constexpr std::uint32_t kMatchLimit = 200'000;  // calls of the matcher, from one place of the text
constexpr std::size_t kUnitsMax = 150'000;      // of one search, whatever the places: 10 to 20 ms
constexpr std::size_t kUnitsPerStep = 30;
constexpr std::size_t kScanned = 512;  // bytes that an item of the pattern may run over for one unit more
constexpr std::uint32_t kDepthLimit = 2'000;
constexpr std::uint32_t kHeapKiB = 4'096;

/// The work of one search so far.
struct Search {
  std::size_t units = 0;
  bool repeats = false;  ///< the pattern has quantifiers: an item may run over the rest of the text
};

// PCRE2 limits the work from each place where a match may begin, not that of all places together. It calls
// this before every item of the pattern, so that all of it is seen.
int count_units(pcre2_callout_block* block, void* data) {
  Search& search = *static_cast<Search*>(data);
  search.units += 1;
  if (search.repeats) search.units += (block->subject_length - block->current_position) / kScanned;
  return search.units > kUnitsMax ? PCRE2_ERROR_MATCHLIMIT : 0;
}

}  // namespace

struct Pattern::Code {
  explicit Code(pcre2_code* compiled) : code(compiled) {}
  ~Code() { pcre2_code_free(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  pcre2_code* code;
};

Result<Pattern> Pattern::compile(std::string_view source) {
  if (source.size() > kSourceBytes)
    return fail(ErrorCode::invalid,
                fmt::format("a pattern of {} bytes; at most {} are read", source.size(), kSourceBytes));
  // No JIT: it needs writable and executable memory, which a hardened service may not have. No UCP: \d and \w
  // are ASCII in ECMAScript.
  constexpr std::uint32_t kFlags = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF |
                                   PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_BACKSLASH_C |
                                   PCRE2_AUTO_CALLOUT;
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(), kFlags, &error,
                                   &offset, nullptr);
  if (!code) {
    PCRE2_UCHAR text[160];
    pcre2_get_error_message(error, text, sizeof text);
    return fail(ErrorCode::invalid, fmt::format("`{}` is not a regular expression: {} at offset {}", source,
                                                reinterpret_cast<const char*>(text), offset));
  }
  Pattern pattern{std::string(source)};
  pattern.code_ = std::make_shared<const Code>(code);
  return pattern;
}

Pattern::Match Pattern::search(std::string_view text, std::size_t& steps) const {
  ++steps;
  if (text.size() > kSubjectBytes) return Match::too_hard;
  Search search{.repeats = source_.find_first_of("*+{") != std::string::npos};
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(context, kMatchLimit);
  pcre2_set_depth_limit(context, kDepthLimit);
  pcre2_set_heap_limit(context, kHeapKiB);
  pcre2_set_callout(context, count_units, &search);
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  const int found =
      pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data, context);
  pcre2_match_data_free(data);
  pcre2_match_context_free(context);
  steps += search.units / kUnitsPerStep;
  if (found >= 0) return Match::yes;
  return found == PCRE2_ERROR_NOMATCH ? Match::no : Match::too_hard;
}

}  // namespace troupe::tools
