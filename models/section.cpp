#include "models/section.h"

#include "models/providers/anthropic_codec.h"
#include "runtime/config/choice.h"
#include "runtime/config/hosts.h"
#include "runtime/config/json_value.h"
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

// 2023-06-01
std::string version_problem(std::string_view version) {
  bool date = version.size() == 10;
  for (std::size_t i = 0; i < version.size() && date; ++i)
    date = i == 4 || i == 7 ? version[i] == '-' : version[i] >= '0' && version[i] <= '9';
  return date ? "" : "write year, month and day";
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
  model.reserve({"cache", "fallback"});
}

void add_constrain(Record<ModelSettings>& model) {
  config::Words words{{{"auto", "they are, until the server refuses"}, {"off", "they are not"}}};
  model.field(
      "constrain", &ModelSettings::constrain, config::one_of(words),
      "whether replies of `react` and `plan_execute`, and answers with an `output.schema`, are held to "
      "their JSON Schema by the provider");
}

void advise_constrain(Record<ModelSettings>& model) {
  model.advise("constrain", "this provider holds replies to no schema: leave it out");
}

// What belongs to the conversation, not to how it is sampled.
bool is_ours(std::string_view parameter) {
  for (std::string_view ours : {"model", "messages", "contents", "system", "stream"})
    if (parameter == ours) return true;
  return false;
}

void check_quirks(const ModelSettings& model, Check& check) {
  if (model.extra_body.is_object())
    for (const auto& [name, value] : model.extra_body.items())
      if (is_ours(name)) check.error("extra_body", "sets `" + name + "`, which the daemon writes itself");
  for (const std::string& name : model.drop_params)
    if (is_ours(name)) check.error("drop_params", "names `" + name + "`, without which there is no request");
}

void check_transport(const ModelSettings& model, Check& check) {
  bool secrets = !model.api_key.empty() || !model.extra_headers.empty();
  if (secrets && model.base_url.starts_with("http://") && !config::is_loopback(host_of(model.base_url)))
    check.warning("base_url", "the key travels unencrypted; use https where the server has it");
}

/// Where one provider is reached, for the lines about it.
struct Place {
  std::string base_url;  ///< what to say about that key
  std::string api_key;
  bool named = true;  ///< `model` must be there
};

// What every provider that is reached over HTTP has.
void add_place(Record<ModelSettings>& model, Place place) {
  auto name =
      model.field("model", &ModelSettings::model, config::line(), "the provider's name for the model");
  if (place.named) name.required();
  model.field("base_url", &ModelSettings::base_url, config::base_url(), std::move(place.base_url));
  model
      .field("api_key", &ModelSettings::api_key, config::line({.expected = "a key"}),
             std::move(place.api_key))
      .secret();
  model
      .field(
          "extra_headers", &ModelSettings::extra_headers,
          config::map_of(config::line({.expected = "a header's value"}), "a map of headers", header_problem),
          "further headers of each request")
      .secret();
  model.field("extra_body", &ModelSettings::extra_body, config::json_object("a map of parameters"),
              "further parameters of each request, merged into it as they stand");
  model.field("drop_params", &ModelSettings::drop_params,
              config::list_of(config::line({.expected = "a parameter's name"}), "a list of parameter names"),
              "parameters that the server does not take: they are left out of requests");
  model.check(check_quirks);
  model.check(check_transport);
}

void add_sampling(Record<ModelSettings>& model, double hottest) {
  model.field(
      "temperature", &ModelSettings::temperature, config::maybe(config::number(0, hottest)),
      hottest > 1 ? "0 is the most even, 2 the most varied" : "0 is the most even, 1 the most varied");
  model.field("top_p", &ModelSettings::top_p, config::maybe(config::number(0, 1)),
              "sample from the likeliest tokens that add up to this");
}

void add_seed(Record<ModelSettings>& model) {
  model.field(
      "seed", &ModelSettings::seed,
      config::maybe(config::integer<int>(std::numeric_limits<int>::min(), std::numeric_limits<int>::max())),
      "asks the provider for repeatable sampling");
}

void add_call(Record<ModelSettings>& model, std::string about_length) {
  model
      .field("max_output_tokens", &ModelSettings::max_output_tokens, config::integer<int>(1, kTokensMax),
             std::move(about_length))
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
}

void check_openai(const ModelSettings& model, Check& check) {
  if (model.api_key.empty() && is_public_openai(model) && !model.extra_headers.contains("Authorization"))
    check.error(
        "",
        "`api_key` is missing: OpenAI's servers want one; write `api_key: \"${OPENAI_API_KEY}\"`, or set "
        "`base_url` to the server you mean");
}

Record<ModelSettings> openai() {
  Record<ModelSettings> model(
      "A model behind OpenAI's chat completions API, OpenAI's own or a compatible server's");
  add_place(model, {"where the API begins, such as http://127.0.0.1:8000/v1; without it OpenAI's",
                    "the key, sent as a bearer token"});
  add_sampling(model, 2);
  add_seed(model);
  add_constrain(model);
  add_call(model, "how long a reply may be; without it the provider's default");
  model.check(check_openai);
  return model;
}

void check_anthropic(const ModelSettings& model, Check& check) {
  const bool sampled = model.temperature || model.top_p;
  if (sampled && model.api_version >= kAnthropicWithoutSampling)
    check.error(
        "api_version",
        "this version takes neither `temperature` nor `top_p`: leave them out, or write an earlier version");
  if (sampled && model.thinking > 0)
    check.error("thinking", "a model that thinks takes neither `temperature` nor `top_p`: leave them out");
  if (model.api_key.empty() && model.base_url.empty() && !model.extra_headers.contains("Authorization"))
    check.error("", "`api_key` is missing; write `api_key: \"${ANTHROPIC_API_KEY}\"`");
}

Record<ModelSettings> anthropic() {
  Record<ModelSettings> model("A model behind Anthropic's Messages API");
  add_place(model, {"where the API begins; without it Anthropic's", "the key, sent as x-api-key"});
  model.field("api_version", &ModelSettings::api_version,
              config::line({.expected = "a date such as 2023-06-01", .check = version_problem}),
              "the version of the API that is asked for; without it 2023-06-01");
  add_sampling(model, 1);
  model
      .field("thinking", &ModelSettings::thinking, config::integer<int>(1024, kTokensMax),
             "how many tokens the model may think before it answers, beside those of its reply; without it "
             "it does not")
      .without_default();
  advise_constrain(model);
  add_call(model, "how long a reply may be; without it 4096");
  model.check(check_anthropic);
  return model;
}

void check_gemini(const ModelSettings& model, Check& check) {
  if (model.api_key.empty() && model.base_url.empty() && !model.extra_headers.contains("Authorization"))
    check.error("", "`api_key` is missing; write `api_key: \"${GEMINI_API_KEY}\"`");
}

std::string category_problem(std::string_view category) {
  for (std::string_view known :
       {"harassment", "hate_speech", "sexually_explicit", "dangerous_content", "civic_integrity"})
    if (category == known) return "";
  return "is no kind of harm; there is harassment, hate_speech, sexually_explicit, dangerous_content and "
         "civic_integrity";
}

Record<ModelSettings> gemini() {
  Record<ModelSettings> model("A model behind Google's Gemini API, generateContent");
  add_place(model, {"where the API begins; without it Google's", "the key, sent as x-goog-api-key"});
  add_sampling(model, 2);
  add_seed(model);
  model
      .field("thinking", &ModelSettings::thinking, config::integer<int>(1, kTokensMax),
             "how many tokens the model may think before it answers; without it as the model does by itself")
      .without_default();
  config::Words thresholds{{{"off", "no filter"},
                            {"none", "nothing is blocked"},
                            {"high", "what is likely harmful is blocked"},
                            {"medium", "also what may be"},
                            {"low", "also what is hardly"}}};
  model.field("safety", &ModelSettings::safety,
              config::map_of(config::one_of(thresholds), "a map of kinds of harm", category_problem),
              "what is blocked, by kind of harm: off, none, high, medium or low");
  add_constrain(model);
  add_call(model, "how long a reply may be; without it the provider's default");
  model.check(check_gemini);
  return model;
}

Record<ModelSettings> ollama() {
  Record<ModelSettings> model("A model that Ollama runs, by its own API");
  add_place(model, {"where Ollama listens; without it http://127.0.0.1:11434",
                    "a key, for a server that wants one, sent as a bearer token"});
  add_sampling(model, 2);
  add_seed(model);
  config::Words think{{{"on", "it thinks before it answers"},
                       {"off", "it does not"},
                       {"low", "a little"},
                       {"medium", "more"},
                       {"high", "most"}}};
  model.field("think", &ModelSettings::think, config::one_of(think),
              "whether, or how much, a model thinks that can; without it as the model does");
  model.field("keep_alive", &ModelSettings::keep_alive,
              config::line({.expected = "a duration such as `10m`, or -1 for always"}),
              "how long the model stays in memory after a call");
  model.field("options", &ModelSettings::options, config::json_object("a map of the model's options"),
              "further options of the model, such as num_gpu; `context` is sent as num_ctx");
  add_constrain(model);
  add_call(model, "how long a reply may be; without it the model's default");
  return model;
}

void check_huggingface(const ModelSettings& model, Check& check) {
  if (model.base_url.empty() && model.model.empty())
    check.error("", "`model` is missing: its name on Hugging Face, such as Qwen/Qwen3-32B");
  if (model.api_key.empty() && model.base_url.empty() && !model.extra_headers.contains("Authorization"))
    check.error("", "`api_key` is missing: the router wants one; write `api_key: \"${HF_TOKEN}\"`");
}

Record<ModelSettings> huggingface() {
  Record<ModelSettings> model("A model on Hugging Face's router, an Inference Endpoint or a TGI server");
  add_place(model, {"where the endpoint or the TGI server is; without it the router",
                    "the token, sent as a bearer token", false});
  add_sampling(model, 2);
  add_seed(model);
  add_constrain(model);
  add_call(model, "how long a reply may be; without it the server's default");
  model.check(check_huggingface);
  return model;
}

Record<ModelSettings> builtin() {
  Record<ModelSettings> model("The planner inside the daemon: rules instead of a language model, no network");
  advise_constrain(model);
  add_common(model);
  return model;
}

Record<ModelSettings> cassette() {
  Record<ModelSettings> model("Exchanges with another model, recorded to a file and played back offline");
  model.field("file", &ModelSettings::file, config::path(), "where the exchanges are kept").required();
  model.field("record", &ModelSettings::record, config::reference("models", "model"),
              "the model that is asked when the file has no answer; without it the file is only played back");
  model.field("price", &ModelSettings::price, config::maybe(config::shape(price())), "what tokens cost");
  advise_constrain(model);
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
       {"anthropic", "Anthropic's Messages API", anthropic()},
       {"gemini", "Google's Gemini API", gemini()},
       {"ollama", "models that Ollama runs, by its own API", ollama()},
       {"huggingface", "Hugging Face's router, Inference Endpoints and TGI", huggingface()},
       {"builtin", "rules instead of a language model; needs nothing", builtin()},
       {"cassette", "recorded exchanges, played back", cassette()}},
      {"plugin"});
  return config::entries_of<ModelSettings>(config::shape(std::move(provider)), &ModelSettings::name, "model",
                                           "models");
}

bool is_public_openai(const ModelSettings& model) {
  if (model.provider != "openai") return false;
  return model.base_url.empty() || host_of(model.base_url) == "api.openai.com";
}

}  // namespace troupe::models
