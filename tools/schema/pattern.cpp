#include "tools/schema/pattern.h"

#include <algorithm>

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
constexpr std::size_t kMeasured = 24;  // the same, where it is known how many bytes it did run over
constexpr std::uint32_t kDepthLimit = 2'000;
constexpr std::uint32_t kHeapKiB = 4'096;

// The largest N of an `{N`: a repetition that fails before its end was that long at most.
std::size_t largest_count(std::string_view source) {
  std::size_t largest = 0;
  for (std::size_t at = source.find('{'); at != source.npos; at = source.find('{', at + 1)) {
    std::size_t count = 0;
    for (std::size_t i = at + 1; i < source.size() && source[i] >= '0' && source[i] <= '9'; ++i)
      count = std::min<std::size_t>(count * 10 + static_cast<std::size_t>(source[i] - '0'), 65'535);
    largest = std::max(largest, count);
  }
  return largest;
}

bool may_refer_back(std::string_view source) {
  for (std::size_t at = source.find('\\'); at != source.npos && at + 1 < source.size();
       at = source.find('\\', at + 2))
    if ((source[at + 1] >= '1' && source[at + 1] <= '9') || source[at + 1] == 'k' || source[at + 1] == 'g')
      return true;
  return source.contains("(?P=");
}

}  // namespace

/// The work of one search so far.
struct Pattern::Search {
  std::size_t units = 0;
  /// An item may run over the rest of the text, and is taken to do so.
  bool repeats = false;
  /// Otherwise what an item ran over shows in where the next one begins, but for one that fails on its way:
  /// this is the most that such an item runs over.
  bool measures = false;
  std::size_t fixed = 0;
  std::size_t position = 0;
  std::size_t scanned = 0;

  static int count_units(pcre2_callout_block* block, void* data);
};

/// Where a match may begin, and where it stood.
struct Pattern::Part {
  std::size_t from = 0;
  std::size_t last = PCRE2_UNSET;
  Place* found = nullptr;
  int group = 0;
};

// PCRE2 limits the work from each place where a match may begin, not that of all places together. It calls
// this before every item of the pattern, so that all of it is seen.
int Pattern::Search::count_units(pcre2_callout_block* block, void* data) {
  Search& search = *static_cast<Search*>(data);
  search.units += 1;
  if (search.measures) {
    const std::size_t moved =
        block->current_position > search.position ? block->current_position - search.position : 0;
    search.scanned += moved + std::min(block->subject_length - block->current_position, search.fixed);
    search.position = block->current_position;
    return search.units + search.scanned / kMeasured > kUnitsMax / 2 ? PCRE2_ERROR_MATCHLIMIT : 0;
  }
  if (search.repeats) search.units += (block->subject_length - block->current_position) / kScanned;
  return search.units > kUnitsMax ? PCRE2_ERROR_MATCHLIMIT : 0;
}

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
                                   PCRE2_AUTO_CALLOUT | PCRE2_USE_OFFSET_LIMIT;
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
  const Match found = run(text, {}, search);
  steps += search.units / kUnitsPerStep;
  return found;
}

Pattern::Match Pattern::search_part(std::string_view text, std::size_t from, std::size_t to,
                                    Place& found) const {
  // A back reference compares text without an item in between; nothing shows how much.
  const bool refers = may_refer_back(source_);
  Search search{.repeats = refers, .measures = !refers, .fixed = largest_count(source_), .position = from};
  const std::size_t last = to >= text.size() ? text.size() : to - 1;
  return run(text, {.from = from, .last = last, .found = &found}, search);
}

int Pattern::groups() const {
  std::uint32_t count = 0;
  pcre2_pattern_info(code_->code, PCRE2_INFO_CAPTURECOUNT, &count);
  return static_cast<int>(count);
}

Pattern::Match Pattern::capture(std::string_view text, int group, Place& found) const {
  if (group < 0 || group > groups()) return Match::no;
  if (text.size() > kSubjectBytes) return Match::too_hard;
  Search search{.repeats = source_.find_first_of("*+{") != std::string::npos};
  return run(text, {.found = &found, .group = group}, search);
}

Pattern::Match Pattern::run(std::string_view text, const Part& part, Search& search) const {
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(context, kMatchLimit);
  pcre2_set_depth_limit(context, kDepthLimit);
  pcre2_set_heap_limit(context, kHeapKiB);
  pcre2_set_offset_limit(context, part.last);
  pcre2_set_callout(context, Search::count_units, &search);
  pcre2_match_data* data = pcre2_match_data_create(static_cast<std::uint32_t>(part.group) + 1, nullptr);
  const int found = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                part.from, 0, data, context);
  bool missing = false;
  if (found >= 0 && part.found) {
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data);
    ends += 2 * part.group;
    if (ends[0] == PCRE2_UNSET) missing = true;
    *part.found = {.at = ends[0], .bytes = ends[1] > ends[0] ? ends[1] - ends[0] : 0};
  }
  pcre2_match_data_free(data);
  pcre2_match_context_free(context);
  if (found >= 0) return missing ? Match::no : Match::yes;
  return found == PCRE2_ERROR_NOMATCH ? Match::no : Match::too_hard;
}

}  // namespace troupe::tools
