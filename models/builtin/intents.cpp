#include "models/builtin/intents.h"

#include "models/builtin/digest.h"
#include "models/builtin/excerpt.h"
#include "models/builtin/grounded.h"
#include "models/builtin/shared_words.h"
#include "models/builtin/team_text.h"
#include "models/builtin/utf8.h"
#include "models/builtin/verdict.h"
#include "models/builtin/words.h"
#include "models/intent_word.h"
#include "runtime/base/json.h"

#include <optional>
#include <utility>
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

Result<std::string> select(const Transcript& transcript) {
  std::string_view asked = last_of(transcript, Role::user);
  const TeamText team = read_team_text(asked);
  if (team.asks == TeamAsk::speaker && !team.listed.empty())
    return team.as_json ? dump(Json{{"speaker", next_speaker(team)}}) : next_speaker(team);
  std::vector<Listed> listed = listed_in(asked);
  if (listed.empty()) listed = listed_in(last_of(transcript, Role::system));
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
  const Listed* best = &listed.front();
  std::size_t best_met = 0;
  for (const Listed& candidate : listed) {
    std::vector<std::string> about =
        content_stems(fmt::format("{} {}", candidate.name, candidate.description), kWordsWanted);
    if (const std::size_t met = shared(about, wanted); met > best_met) best = &candidate, best_met = met;
  }
  return best->name;
}

// Nothing where it is not what a team asks for: that a rule cannot judge.
std::optional<std::string> judge(std::string_view asked) {
  const TeamText team = read_team_text(asked);
  if (team.asks == TeamAsk::verdict) return verdict_text(team);
  if (team.asks == TeamAsk::decision) return decision_text(team);
  return std::nullopt;
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
  if (request.intent == Intent::judge)
    if (auto judged = judge(last_of(*request.transcript, Role::user))) return std::move(*judged);
  return fail(ErrorCode::unavailable, fmt::format("builtin cannot {}: that takes a language model. Add one "
                                                  "to `models:` (provider: openai with an api_key or "
                                                  "a local base_url) and name it here",
                                                  word(request.intent)));
}

}  // namespace troupe::models::builtin
