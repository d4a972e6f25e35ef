#include "memory/knowledge/search/sentence_choice.h"

#include "memory/knowledge/search/filter_value.h"
#include "memory/knowledge/search/limits.h"
#include "models/builtin/utf8.h"
#include "models/warning.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// The sentences of each passage: [first, first + count) of all.
struct Part {
  std::size_t first = 0;
  std::size_t count = 0;
};

std::vector<Part> parts_of(const Extraction& extraction, std::size_t passages) {
  std::vector<Part> parts(passages);
  const auto& all = extraction.sentences();
  for (std::size_t s = 0; s < all.size(); ++s) {
    if (all[s].passage >= passages) break;
    Part& part = parts[all[s].passage];
    if (part.count++ == 0) part.first = s;
  }
  return parts;
}

std::optional<std::size_t> place(const Json& value, std::size_t count) {
  const auto number = FilterNumber::in(value);
  if (!number || !number->whole || number->integer < 1) return std::nullopt;
  const auto at = static_cast<std::size_t>(number->integer) - 1;
  return at < count ? std::optional(at) : std::nullopt;
}

class Choice {
 public:
  Choice(std::vector<Part> parts, std::size_t most)
      : parts_(std::move(parts)), most_(most), kept(parts_.size()) {}

  void read(const Json& value) {
    if (value.is_array()) {
      for (const Json& element : value)
        if (element.is_object()) read(element);
      return;
    }
    if (!value.is_object()) return;
    const Json* index = find(value, "index");
    const Json* sentences = find(value, "sentences");
    if (index && sentences && sentences->is_array()) return take(*index, *sentences);
    for (const auto& [key, member] : value.items()) {
      const bool numbers = std::ranges::all_of(member, [](const Json& e) { return !e.is_structured(); });
      if (member.is_array() && numbers && FilterNumber::read(key))
        take(Json(key), member);
      else if (member.is_structured())
        read(member);
    }
  }

  bool understood = false;

 private:
  void take(const Json& index, const Json& sentences) {
    const auto passage = place(index, parts_.size());
    if (!passage) return;
    understood = true;
    const Part& part = parts_[*passage];
    std::vector<std::size_t>& numbers = kept[*passage];
    for (const Json& sentence : sentences) {
      const auto at = place(sentence, part.count);
      if (at && numbers.size() < most_ && std::ranges::find(numbers, part.first + *at) == numbers.end())
        numbers.push_back(part.first + *at);
    }
  }

  std::vector<Part> parts_;
  std::size_t most_;

 public:
  std::vector<std::vector<std::size_t>> kept;
};

}  // namespace

Json sentence_data(std::string_view query, const Extraction& extraction, std::size_t passages) {
  Json shown = Json::array();
  const std::vector<Part> parts = parts_of(extraction, std::min(passages, limits::kShownPassages));
  for (std::size_t p = 0; p < parts.size(); ++p) {
    Json numbered = Json::object();
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < parts[p].count && bytes < limits::kShownPassageBytes; ++i) {
      const std::string_view text = extraction.text(extraction.sentences()[parts[p].first + i]);
      numbered[std::to_string(i + 1)] = models::builtin::clip(text, limits::kShownPassageBytes);
      bytes += text.size();
    }
    shown.push_back({{"index", p + 1}, {"sentences", std::move(numbered)}});
  }
  return {{"query", query}, {"passages", std::move(shown)}};
}

Result<std::vector<std::vector<std::size_t>>> read_sentence_choice(std::string_view reply,
                                                                   const Extraction& extraction,
                                                                   std::size_t passages, std::size_t most) {
  Choice choice(parts_of(extraction, passages), most);
  for (const Json& value : json_values(reply)) choice.read(value);
  if (!choice.understood)
    return fail(ErrorCode::protocol, fmt::format("the reply names no sentences of the {} passages: `{}`",
                                                 passages, models::builtin::clip(reply, 120)));
  for (auto& numbers : choice.kept) std::ranges::sort(numbers);
  return std::move(choice.kept);
}

Task<Result<SentenceChoice>> choose_sentences(models::Model& model, const prompts::Prompt& prompt,
                                              std::string query, const Extraction& extraction,
                                              std::size_t passages, std::size_t most,
                                              const models::UseSink& spent, CallContext& context) {
  SentenceChoice choice{.kept = std::vector<std::vector<std::size_t>>(passages), .remark = ""};
  auto reply = co_await ask_model(model, models::Intent::rerank, prompt,
                                  sentence_data(query, extraction, passages), spent, context);
  if (!reply && context.stop.requested()) co_return fail(std::move(reply.error()));
  auto read = reply ? read_sentence_choice(*reply, extraction, passages, most)
                    : Result<std::vector<std::vector<std::size_t>>>(fail(std::move(reply.error())));
  if (read) {
    choice.kept = std::move(*read);
  } else {
    choice.remark = fmt::format("model {} did not choose sentences, they were chosen by their words: {}",
                                model.name(), read.error().message);
    models::warn(context, "compress_failed", choice.remark);
  }
  std::vector<std::vector<std::size_t>> best = extraction.best(most);
  for (std::size_t p = 0; p < passages; ++p)
    if (choice.kept[p].empty()) choice.kept[p] = std::move(best[p]);
  co_return choice;
}

}  // namespace troupe::memory
