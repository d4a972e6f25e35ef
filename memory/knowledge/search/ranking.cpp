#include "memory/knowledge/search/ranking.h"

#include "memory/knowledge/search/filter_value.h"
#include "memory/knowledge/search/model_call.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// A number and a score as they stand in the reply.
struct Named {
  double number = 0;
  std::optional<double> score;
};

std::optional<double> number_of(const Json& value) {
  const auto number = FilterNumber::in(value);
  if (!number) return std::nullopt;
  return number->whole ? static_cast<double>(number->integer) : number->real;
}

template <std::size_t N>
std::optional<double> member_number(const Json& object, const std::array<std::string_view, N>& names) {
  for (std::string_view name : names)
    if (const Json* member = find(object, name))
      if (auto number = number_of(*member)) return number;
  return std::nullopt;
}

constexpr std::array<std::string_view, 7> kIndexNames{"index",    "id",     "number", "passage",
                                                      "document", "doc_id", "n"};
constexpr std::array<std::string_view, 4> kScoreNames{"score", "relevance", "relevance_score", "rating"};

std::optional<Named> named_by(const Json& value) {
  if (value.is_object()) {
    const auto number = member_number(value, kIndexNames);
    if (!number) return std::nullopt;
    return Named{*number, member_number(value, kScoreNames)};
  }
  const auto number = number_of(value);
  return number ? std::optional(Named{*number, std::nullopt}) : std::nullopt;
}

void collect(const Json& value, std::vector<Named>& out) {
  if (auto one = named_by(value)) return out.push_back(*one);
  if (value.is_array())
    for (const Json& element : value) collect(element, out);
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) {
    const auto number = FilterNumber::read(key);
    const auto score = number_of(member);
    if (number && number->whole && score)
      out.push_back({static_cast<double>(number->integer), score});
    else if (member.is_structured())
      collect(member, out);
  }
}

// "2, 1, 3", "2 > 1": lines of numbers only. Anything else could be a sentence with a number in it.
std::vector<Named> plain_numbers(std::string_view reply) {
  constexpr std::string_view kMarks = " \t\r,;>.)";
  std::vector<Named> out;
  while (!reply.empty()) {
    const std::string_view line = reply.substr(0, reply.find('\n'));
    reply.remove_prefix(std::min(line.size() + 1, reply.size()));
    if (line.find_first_not_of("0123456789 \t\r,;>.)") != line.npos) continue;
    for (std::size_t at = 0; (at = line.find_first_not_of(kMarks, at)) != line.npos;) {
      const std::size_t end = std::min(line.find_first_of(kMarks, at), line.size());
      if (auto number = FilterNumber::read(line.substr(at, end - at)); number && number->whole)
        out.push_back({static_cast<double>(number->integer), std::nullopt});
      at = end;
    }
  }
  return out;
}

std::vector<Named> names_in(std::string_view reply) {
  std::vector<Named> longest, together;
  for (const Json& value : json_values(reply)) {
    std::vector<Named> found;
    collect(value, found);
    together.insert(together.end(), found.begin(), found.end());
    if (found.size() > longest.size()) longest = std::move(found);
  }
  // "[2] > [1]" is one order in several lists; otherwise the longest is the answer, and others are talk.
  if (longest.size() == 1) return together;
  return longest.empty() ? plain_numbers(reply) : longest;
}

}  // namespace

Result<Ranking> read_ranking(std::string_view reply, std::size_t passages) {
  Ranking ranking;
  std::vector<bool> seen(passages);
  for (const Named& named : names_in(reply)) {
    const bool known = named.number >= 1 && named.number <= static_cast<double>(passages) &&
                       named.number == std::floor(named.number);
    const std::size_t index = known ? static_cast<std::size_t>(named.number) - 1 : 0;
    if (!known || seen[index]) {
      ++ranking.strange;
      continue;
    }
    seen[index] = true;
    ranking.order.push_back({index, named.score});
  }
  ranking.named = ranking.order.size();
  if (ranking.named == 0)
    return fail(ErrorCode::protocol, fmt::format("the reply names none of the {} passages: `{}`", passages,
                                                 models::builtin::clip(reply, 120)));
  // By score, and where that is equal by their place in the reply.
  std::vector<std::pair<double, std::size_t>> places;
  for (const Verdict& verdict : ranking.order)
    places.emplace_back(-verdict.score.value_or(-INFINITY), places.size());
  std::ranges::sort(places);
  const std::vector<Verdict> as_named = std::exchange(ranking.order, {});
  for (auto [score, place] : places) ranking.order.push_back(as_named[place]);
  for (std::size_t i = 0; i < passages; ++i)
    if (!seen[i]) ranking.order.push_back({i, std::nullopt});
  return ranking;
}

}  // namespace troupe::memory
