#include "app/import/draft.h"

#include "runtime/config/interpolate.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kNameMax = 48;  // leaves room for a number

// Where "PREFIX/model" is reached. `variable`: what its key is usually called; nullptr: it has none.
struct Known {
  std::string_view prefix;
  const char* provider;
  const char* variable;
  const char* base_url;
};
constexpr Known kProviders[] = {
    {"openai", "openai", "OPENAI_API_KEY", ""},
    {"anthropic", "anthropic", "ANTHROPIC_API_KEY", ""},
    {"gemini", "gemini", "GEMINI_API_KEY", ""},
    {"google", "gemini", "GEMINI_API_KEY", ""},
    {"ollama", "ollama", nullptr, ""},
    {"huggingface", "huggingface", "HF_TOKEN", ""},
    {"groq", "openai", "GROQ_API_KEY", "https://api.groq.com/openai/v1"},
    {"openrouter", "openai", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"},
    {"mistral", "openai", "MISTRAL_API_KEY", "https://api.mistral.ai/v1"},
    {"deepseek", "openai", "DEEPSEEK_API_KEY", "https://api.deepseek.com/v1"},
};
// Models that are written without their provider.
constexpr std::pair<std::string_view, std::string_view> kBare[] = {
    {"gpt-", "openai"},    {"o1", "openai"},        {"o3", "openai"},    {"o4", "openai"},
    {"chatgpt", "openai"}, {"claude", "anthropic"}, {"gemini", "gemini"}};

const Known* provider_of(std::string_view written) {
  std::string_view prefix = written.substr(0, written.find('/'));
  if (prefix.size() == written.size()) {
    const auto bare =
        std::ranges::find_if(kBare, [&](const auto& one) { return written.starts_with(one.first); });
    if (bare == std::end(kBare)) return nullptr;
    prefix = bare->second;
  }
  const auto known = std::ranges::find(kProviders, prefix, &Known::prefix);
  return known == std::end(kProviders) ? nullptr : known;
}

// What tools of others are here, by the letters of their names without "tool".
constexpr std::pair<std::string_view, std::string_view> kTools[] = {{"serperdev", "tavily"},
                                                                    {"serper", "tavily"},
                                                                    {"serpersearch", "tavily"},
                                                                    {"tavilysearch", "tavily"},
                                                                    {"tavily", "tavily"},
                                                                    {"tavilysearchresults", "tavily"},
                                                                    {"exasearch", "tavily"},
                                                                    {"bravesearch", "tavily"},
                                                                    {"duckduckgosearch", "tavily"},
                                                                    {"duckduckgo", "tavily"},
                                                                    {"googlesearch", "tavily"},
                                                                    {"websearch", "tavily"},
                                                                    {"search", "tavily"},
                                                                    {"searchweb", "tavily"},
                                                                    {"serpapigooglesearch", "tavily"},
                                                                    {"wikipedia", "wikipedia"},
                                                                    {"wikipediasearch", "wikipedia"},
                                                                    {"wikipediaqueryrun", "wikipedia"},
                                                                    {"calculator", "calculator"},
                                                                    {"calculate", "calculator"},
                                                                    {"math", "calculator"},
                                                                    {"clock", "clock"},
                                                                    {"currenttime", "clock"},
                                                                    {"getcurrenttime", "clock"},
                                                                    {"datetime", "clock"}};

std::string letters_of(std::string_view written) {
  std::string letters;
  for (char c : written.substr(written.rfind('.') == written.npos ? 0 : written.rfind('.') + 1))
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (letters.ends_with("tool")) letters.resize(letters.size() - 4);
  return letters;
}

std::string unique(std::string name, const std::set<std::string>& taken) {
  const std::string base = name;
  for (int i = 2; taken.contains(name); ++i) name = fmt::format("{}_{}", base, i);
  return name;
}

}  // namespace

std::string kept(std::string_view text) {
  return config::escape_interpolation(text);
}

std::string plain_name(std::string_view written, std::string_view fallback) {
  std::string name;
  for (char c : written) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (fits)
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  name.resize(std::min(name.size(), kNameMax));
  if (name.empty()) return std::string(fallback);
  return name.front() >= '0' && name.front() <= '9' ? fmt::format("{}_{}", fallback, name) : name;
}

std::optional<long long> whole_number(std::string_view text, long long least, long long most) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return std::nullopt;
  return value;
}

std::string Draft::variable(const char* name) {
  if (std::ranges::find(variables_, name) == variables_.end()) variables_.emplace_back(name);
  return fmt::format("${{{}}}", name);
}

std::string Draft::model(const std::string& written, Json further, const std::string& place,
                         const std::string& key) {
  const Known* known = provider_of(written);
  if (options_.builtin || !known) {
    models_["builtin"] = {{"provider", "builtin"}};
    if (options_.builtin && !written.empty())
      notes_.add(place, key, fmt::format("`{}` became the `builtin` model, as asked", written));
    else if (!options_.builtin && written.empty())
      notes_.add(place, key,
                 "no model is named, so it is `builtin`, which knows rules and no language; write an "
                 "entry of `models` and name it");
    else if (!options_.builtin)
      notes_.add(place, key,
                 fmt::format("`{}` is no provider/model that is known here, so it is `builtin`; write "
                             "an entry of `models` and name it",
                             written));
    return "builtin";
  }
  const std::size_t slash = written.find('/');
  const std::string model = slash == std::string::npos ? written : written.substr(slash + 1);
  Json entry = {{"provider", known->provider}, {"model", kept(model)}};
  if (*known->base_url != '\0') entry["base_url"] = known->base_url;
  if (known->variable) entry["api_key"] = variable(known->variable);
  for (const auto& [name, value] : further.items()) entry[name] = value;
  for (const auto& [name, other] : models_.items())
    if (other == entry) return name;
  std::set<std::string> taken;
  for (const auto& [name, other] : models_.items()) taken.insert(name);
  const std::string name = unique(plain_name(model, "model"), taken);
  models_[name] = std::move(entry);
  return name;
}

bool Draft::is_builtin(const std::string& model) const {
  const Json* entry = find(models_, model);
  return !entry || string_or(*entry, "provider") == "builtin";
}

std::string Draft::tool(const std::string& written, const std::string& place, const std::string& key) {
  const auto known =
      std::ranges::find(kTools, letters_of(written), [](const auto& one) { return one.first; });
  if (const std::string letters = letters_of(written); letters.starts_with("mcptoolset"))
    return notes_.add(place, key,
                      fmt::format("`{}` is left out: servers of MCP are not available in this version; write "
                                  "entries of `tools` that do what is needed of it, type `http` for one",
                                  written)),
           "";
  if (known == std::end(kTools)) {
    notes_.add(place, key,
               fmt::format("there is no tool `{}` here, so it is left out; write an entry of `tools` "
                           "that does the same, and name it at the agent",
                           written));
    return "";
  }
  std::string type(known->second);
  // A search service needs a key, and who asked for `builtin` has none.
  if (type == "tavily" && options_.builtin) type = "wikipedia";
  Json entry = {{"type", type}};
  if (type == "tavily") entry["api_key"] = variable("TAVILY_API_KEY");
  tools_[type] = std::move(entry);
  if (type != letters_of(written))
    notes_.add(place, key, fmt::format("`{}` became the tool `{}`", written, type));
  return type;
}

std::string Draft::target_name(const std::string& written) {
  const std::string name = unique(plain_name(written, "agent"), names_);
  names_.insert(name);
  return name;
}

Imported Draft::take() && {
  Json all = {{"version", 1}};
  if (artifacts_) all["artifacts"] = "./out";
  if (!models_.empty()) all["models"] = std::move(models_);
  if (!tools_.empty()) all["tools"] = std::move(tools_);
  all["agents"] = std::move(agents_);
  if (!teams_.empty()) all["teams"] = std::move(teams_);
  if (!default_.empty()) all["default"] = default_;
  return {std::move(all), notes_.all(), std::move(variables_)};
}

}  // namespace troupe::app
