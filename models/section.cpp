#include "models/section.h"

#include "runtime/config/choice.h"
#include "runtime/config/hosts.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <limits>

namespace troupe::models {

namespace {

using config::Check;
using config::Record;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr double kPriceMax = 1e6;
constexpr int kTokensMax = 100'000'000;

// RFC 9110 5.6.2
bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Headers that frame a request; another value would break it.
std::string header_problem(std::string_view name) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), token_char)) return "is not a header name";
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::string_view ours : {"host", "content-length", "transfer-encoding", "connection", "content-type"})
    if (lower == ours) return "is set by the daemon and cannot be changed";
  return "";
}

// The host of an already checked URL.
std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

Record<Price> price() {
  Record<Price> price("What a million tokens costs; budgets and usage count in it");
  price.field("input", &Price::input, config::number(0, kPriceMax), "a million input tokens").required();
  price.field("output", &Price::output, config::number(0, kPriceMax), "a million output tokens").required();
  price
      .field("cached", &Price::cached, config::number(0, kPriceMax),
             "a million cached input tokens; without it as `input`")
      .without_default();
  return price;
}

void add_common(Record<ModelSettings>& model) {
  model
      .field("context", &ModelSettings::context, config::integer<int>(256, kTokensMax),
             "how many tokens the model reads at most")
      .without_default();
  model.reserve({"cache", "fallback", "safety", "extra_body", "drop_params", "constrain"});
}

void check_openai(const ModelSettings& model, Check& check) {
  if (model.api_key.empty() && is_public_openai(model) && !model.extra_headers.contains("Authorization"))
    check.error(
        "",
        "`api_key` is missing: OpenAI's servers want one; write `api_key: \"${OPENAI_API_KEY}\"`, or set "
        "`base_url` to the server you mean");
  bool secrets = !model.api_key.empty() || !model.extra_headers.empty();
  if (secrets && model.base_url.starts_with("http://") && !config::is_loopback(host_of(model.base_url)))
    check.warning("base_url", "the key travels unencrypted; use https where the server has it");
}

Record<ModelSettings> openai() {
  Record<ModelSettings> model(
      "A model behind OpenAI's chat completions API, OpenAI's own or a compatible server's");
  model.field("model", &ModelSettings::model, config::line(), "the provider's name for the model").required();
  model.field("base_url", &ModelSettings::base_url, config::base_url(),
              "where the API begins, such as http://127.0.0.1:8000/v1; without it OpenAI's");
  model
      .field("api_key", &ModelSettings::api_key, config::line({.expected = "a key"}),
             "the key, sent as a bearer token")
      .secret();
  model
      .field(
          "extra_headers", &ModelSettings::extra_headers,
          config::map_of(config::line({.expected = "a header's value"}), "a map of headers", header_problem),
          "further headers of each request")
      .secret();
  model.field("temperature", &ModelSettings::temperature, config::maybe(config::number(0, 2)),
              "0 is the most even, 2 the most varied");
  model.field("top_p", &ModelSettings::top_p, config::maybe(config::number(0, 1)),
              "sample from the likeliest tokens that add up to this");
  model.field(
      "seed", &ModelSettings::seed,
      config::maybe(config::integer<int>(std::numeric_limits<int>::min(), std::numeric_limits<int>::max())),
      "asks the provider for repeatable sampling");
  model
      .field("max_output_tokens", &ModelSettings::max_output_tokens, config::integer<int>(1, kTokensMax),
             "how long a reply may be; without it the provider's default")
      .without_default();
  model.field("stream", &ModelSettings::stream, config::boolean(), "read replies as they are written");
  model.field("timeout", &ModelSettings::timeout, config::duration(100ms, 1h),
              "how long without a byte before a call is given up");
  model.field("retries", &ModelSettings::retries, config::integer<int>(0, 20), "attempts after the first");
  model.field("price", &ModelSettings::price, config::maybe(config::shape(price())), "what tokens cost");
  add_common(model);
  model.advise("max_tokens", "it is called `max_output_tokens`");
  model.advise("max_completion_tokens", "it is called `max_output_tokens`");
  model.advise("url", "it is called `base_url`");
  model.advise("endpoint", "it is called `base_url`");
  model.advise("key", "it is called `api_key`");
  model.check(check_openai);
  return model;
}

Record<ModelSettings> builtin() {
  Record<ModelSettings> model("The planner inside the daemon: rules instead of a language model, no network");
  add_common(model);
  return model;
}

Record<ModelSettings> cassette() {
  Record<ModelSettings> model("Exchanges with another model, recorded to a file and played back offline");
  model.field("file", &ModelSettings::file, config::path(), "where the exchanges are kept").required();
  model.field("record", &ModelSettings::record, config::reference("models", "model"),
              "the model that is asked when the file has no answer; without it the file is only played back");
  model.field("price", &ModelSettings::price, config::maybe(config::shape(price())), "what tokens cost");
  add_common(model);
  model.check([](const ModelSettings& m, Check& check) {
    if (m.record == m.name && !m.record.empty()) check.error("record", "a cassette cannot record itself");
  });
  return model;
}

}  // namespace

config::ShapePtr<config::Entries<ModelSettings>> section() {
  config::Choice<ModelSettings> provider(
      "provider", &ModelSettings::provider,
      {{"openai", "OpenAI and every server with its API: vLLM, llama.cpp, Groq, LM Studio, Ollama", openai()},
       {"builtin", "rules instead of a language model; needs nothing", builtin()},
       {"cassette", "recorded exchanges, played back", cassette()}},
      {"anthropic", "gemini", "ollama", "huggingface", "plugin"});
  return config::entries_of<ModelSettings>(config::shape(std::move(provider)), &ModelSettings::name, "model",
                                           "models");
}

bool is_public_openai(const ModelSettings& model) {
  if (model.provider != "openai") return false;
  return model.base_url.empty() || host_of(model.base_url) == "api.openai.com";
}

}  // namespace troupe::models
