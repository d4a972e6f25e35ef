#include "models/builtin/intents.h"

#include "models/builtin/digest.h"
#include "models/builtin/excerpt.h"
#include "models/builtin/grounded.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"
#include "models/intent_word.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kSummarySentences = 5;

std::string_view last_of(const Transcript& transcript, Role role) {
  for (std::size_t i = transcript.size(); i-- > 0;)
    if (transcript.messages()[i].role == role) return transcript.messages()[i].content;
  return {};
}

struct CandidateLine {
  std::string_view name;
  std::string_view description;
};

std::vector<CandidateLine> candidates(std::string_view text) {
  std::vector<CandidateLine> out;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with("- ")) continue;
    line = trim(line.substr(2));
    std::size_t colon = line.find(':');
    std::string_view name = trim(line.substr(0, colon));
    std::string_view description =
        colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 1));
    if (!name.empty()) out.push_back({name, description});
  }
  return out;
}

std::vector<std::string> content_stems(std::string_view text) {
  std::vector<std::string> out;
  for (const Word& word : words(text))
    if (!is_stop_word(word.low)) out.push_back(stem(word));
  std::ranges::sort(out);
  return out;
}

Result<std::string> select(const Transcript& transcript) {
  std::string_view asked = last_of(transcript, Role::user);
  std::vector<CandidateLine> listed = candidates(asked);
  if (listed.empty()) listed = candidates(last_of(transcript, Role::system));
  if (listed.empty())
    return fail(ErrorCode::invalid,
                "builtin was asked to select, but no candidates are listed as lines \"- NAME: description\"");
  // The words outside the list are what is selected for.
  std::string rest;
  std::string_view text = asked;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    if (!trim(text.substr(0, end)).starts_with("- ")) rest.append(text.substr(0, end)) += '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  std::vector<std::string> wanted = content_stems(rest);
  const CandidateLine* best = &listed.front();
  std::size_t best_met = 0;
  for (const CandidateLine& candidate : listed) {
    std::vector<std::string> about =
        content_stems(fmt::format("{} {}", candidate.name, candidate.description));
    std::vector<std::string> met;
    std::ranges::set_intersection(wanted, about, std::back_inserter(met));
    if (met.size() > best_met) best = &candidate, best_met = met.size();
  }
  return std::string(best->name);
}

// A memory gives a conversation as data, a chain passages with a question; anything else is a text.
std::string summarize(std::string_view asked) {
  if (asked.starts_with('{'))
    if (auto data = parse_json(asked)) {
      if (find(*data, "turns")) return digest_of(*data);
      if (find(*data, "question") && (find(*data, "passages") || find(*data, "notes")))
        return grounded_answer(*data);
    }
  return summary_of(asked, kSummarySentences);
}

}  // namespace

Result<std::string> serve_intent(const ModelRequest& request) {
  if (request.intent == Intent::summarize) return summarize(last_of(*request.transcript, Role::user));
  if (request.intent == Intent::select) return select(*request.transcript);
  return fail(ErrorCode::unavailable, fmt::format("builtin cannot {}: that takes a language model. Add one "
                                                  "to `models:` (provider: openai with an api_key or "
                                                  "a local base_url) and name it here",
                                                  word(request.intent)));
}

}  // namespace troupe::models::builtin
