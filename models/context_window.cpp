#include "models/context_window.h"

#include "models/limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace troupe::models {

namespace {

/// What stands before a number, what after it, and which it is. Of several that are found the first counts.
struct Phrase {
  std::string_view before;
  std::string_view after;
};

constexpr auto kMaximum = std::to_array<Phrase>({
    {"maximum context length is ", ""},
    {"maximum context length of ", ""},
    {"maximum context length (", ")"},
    {"maximum prompt length is ", ""},
    {"available context size (", ""},
    {"available context size of ", ""},
    {"maximum number of tokens allowed (", ")"},
    {"maximum number of tokens allowed ", ""},
    {"context window of ", ""},
    {"context length of only ", ""},
    {"context length of ", ""},
    {"context limit of ", ""},
    {"model token limit: ", ""},
    {"exceeds the limit of ", ""},
    {"must have less than ", " tokens"},
    {"must be <= ", ""},
    {"cannot exceed ", ""},
    {"> ", " maximum"},
    {"n_ctx\":", ""},
});

constexpr auto kPrompt = std::to_array<Phrase>({
    {"tokens (", " in the messages"},
    {"tokens (", " in your prompt"},
    {"tokens (", " of text input"},
    {"messages resulted in ", " tokens"},
    {"your prompt contains at least ", " input tokens"},
    {"prompt contains at least ", ""},
    {"prompt contains ", ""},
    {"request contains ", " tokens"},
    {"prompt is too long: ", " tokens"},
    {"input token count (", ")"},
    {"prompt token count of ", ""},
    {"request (", " tokens)"},
    {"input length (", ")"},
    {"given: ", " `inputs`"},
    {"given: ", ""},
    {"you requested about ", " tokens"},
    {"you requested ", " tokens"},
    {"n_prompt_tokens\":", ""},
});

// "131072", "131,072"
std::optional<std::int64_t> number_at(std::string_view text, std::size_t& at) {
  std::string digits;
  for (; at < text.size() && digits.size() < 12; ++at) {
    if (text[at] >= '0' && text[at] <= '9')
      digits += text[at];
    else if (text[at] != ',' || digits.empty() || at + 1 >= text.size() || text[at + 1] < '0' ||
             text[at + 1] > '9')
      break;
  }
  std::int64_t value = 0;
  auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || read.ec != std::errc()) return std::nullopt;
  return value;
}

template <std::size_t N>
std::optional<std::int64_t> first_of(std::string_view text, const std::array<Phrase, N>& phrases) {
  for (const Phrase& phrase : phrases)
    for (auto found = text.find(phrase.before); found != text.npos;
         found = text.find(phrase.before, found + 1)) {
      std::size_t at = found + phrase.before.size();
      const auto value = number_at(text, at);
      if (value && *value > 0 && text.substr(at).starts_with(phrase.after)) return value;
    }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> ContextWindow::tokens() const {
  if (tokens_ <= 0) return std::nullopt;
  return tokens_;
}

std::optional<std::int64_t> ContextWindow::prompt_max() const {
  if (tokens_ <= 0) return std::nullopt;
  return prompt_max(tokens_);
}

std::int64_t ContextWindow::prompt_max(std::int64_t tokens) const {
  const std::int64_t reply =
      reply_ > 0 ? reply_ : std::min(tokens / limits::kReplyShare, limits::kReplyRoomMax);
  return tokens - std::min(reply, tokens / 2);
}

void ContextWindow::learn(std::int64_t tokens) {
  if (tokens < limits::kContextMin) return;
  if (tokens_ <= 0 || tokens < tokens_) tokens_ = learned_ = tokens;
}

ExceededContext read_exceeded(std::string_view message) {
  std::string lower(message);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  ExceededContext said{.max = first_of(lower, kMaximum), .prompt = first_of(lower, kPrompt)};
  if (said.max && *said.max < limits::kContextMin) said.max.reset();
  return said;
}

}  // namespace troupe::models
