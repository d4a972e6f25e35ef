#include "models/known/known_models.h"

#include "models/known/table_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kColumns = 8;
constexpr std::string_view kNone = "-";

bool digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// 2026-03-21
bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(text.substr(0, 4)) &&
         digits(text.substr(5, 2)) && digits(text.substr(8));
}

// What providers put behind a model's name for one version of it.
bool is_version(std::string_view suffix) {
  if (!suffix.starts_with('-')) return false;
  suffix.remove_prefix(1);
  const std::size_t size = suffix.size();
  return suffix == "latest" || is_date(suffix) || (digits(suffix) && (size == 3 || size == 4 || size == 8));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
    if (line.empty()) return words;
    words.push_back(line.substr(0, line.find_first_of(" \t")));
    line.remove_prefix(words.back().size());
  }
}

template <class Number>
bool read(std::string_view word, Number none, Number& value) {
  value = none;
  if (word == kNone) return true;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() && value >= 0;
}

bool read_model(const std::vector<std::string_view>& words, KnownModel& model) {
  if (words.size() != kColumns || words[2] == kNone || words[3] == kNone) return false;
  model.provider = words[0];
  model.name = words[1];
  return read(words[2], 0.0, model.price.input) && read(words[3], 0.0, model.price.output) &&
         read(words[4], -1.0, model.price.cached) && read(words[5], -1.0, model.price.cache_write) &&
         read(words[6], 0, model.context) && read(words[7], 0, model.max_output);
}

// The host that a provider's own models are served from.
std::string_view public_host(std::string_view provider) {
  if (provider == "openai") return "api.openai.com";
  if (provider == "anthropic") return "api.anthropic.com";
  if (provider == "gemini") return "generativelanguage.googleapis.com";
  return "";
}

bool is_public(const ModelSettings& model) {
  const std::string_view host = public_host(model.provider);
  if (host.empty()) return false;
  std::string_view url = model.base_url;
  if (url.empty()) return true;
  if (!url.starts_with("https://")) return false;
  url.remove_prefix(std::string_view("https://").size());
  return url.substr(0, url.find_first_of("/?#:")) == host;
}

}  // namespace

Result<KnownTable> parse_known_models(std::string_view text) {
  KnownTable table;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (number == 1) {
      table.date = line;
      if (!is_date(line))
        return fail(ErrorCode::invalid,
                    fmt::format("known models, line 1: `{}` is not the date of the prices, such as "
                                "2026-03-21",
                                line));
      continue;
    }
    const auto words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    KnownModel model;
    if (!read_model(words, model))
      return fail(ErrorCode::invalid,
                  fmt::format("known models, line {}: `{}` is not PROVIDER NAME and six numbers (input, "
                              "output, cached, cache_write, context, max_output)",
                              number, line));
    table.models.push_back(std::move(model));
  }
  return table;
}

const KnownTable& known_models() {
  // A test reads it too, so that a table that cannot be read is never shipped.
  static const KnownTable table = parse_known_models(known_models_text()).value_or(KnownTable{});
  return table;
}

const KnownModel* find_known_model(const KnownTable& table, std::string_view provider,
                                   std::string_view name) {
  constexpr std::string_view kTuned = "ft:";
  if (name.starts_with(kTuned)) name = name.substr(0, name.find(':', kTuned.size()));
  if (name.starts_with("models/")) name.remove_prefix(std::string_view("models/").size());
  const KnownModel* found = nullptr;
  for (const KnownModel& model : table.models) {
    if (model.provider != provider || !name.starts_with(model.name)) continue;
    const std::string_view version = name.substr(model.name.size());
    if (version.empty()) return &model;
    if (is_version(version)) found = &model;
  }
  return found;
}

const KnownModel* known_model(const ModelSettings& model) {
  return is_public(model) ? find_known_model(known_models(), model.provider, model.model) : nullptr;
}

bool free_of_charge(const ModelSettings& model) {
  return model.provider == "builtin" || model.provider == "ollama" ||
         (model.provider == "cassette" && model.mode == "replay");
}

std::optional<Price> price_of(const ModelSettings& model, const config::Entries<ModelSettings>& all) {
  if (model.price) return model.price;
  if (const KnownModel* known = known_model(model)) return known->price;
  if (model.provider != "cassette" || free_of_charge(model)) return std::nullopt;
  auto recorded = all.find(model.tapes);
  if (recorded == all.end() || recorded->second.provider == "cassette") return std::nullopt;
  return price_of(recorded->second, all);
}

void complete(config::Entries<ModelSettings>& models) {
  for (auto& [name, model] : models) {
    model.price = price_of(model, models);
    const KnownModel* known = known_model(model);
    if (known && model.context == 0) model.context = known->context;
  }
}

}  // namespace troupe::models
