#include "models/section.h"

#include "models/limits.h"
#include "models/place.h"
#include "models/place_fields.h"
#include "models/providers/anthropic_codec.h"
#include "runtime/config/choice.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace troupe::models {

namespace {

using config::Check;
using config::Record;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr double kPriceMax = 1e6;
constexpr int kTokensMax = 100'000'000;
constexpr auto kCacheLongest = 24h * 3650;
constexpr std::size_t kCacheLargest = std::size_t{1} << 40;

// 2023-06-01
std::string version_problem(std::string_view version) {
  bool date = version.size() == 10;
  for (std::size_t i = 0; i < version.size() && date; ++i)
    date = i == 4 || i == 7 ? version[i] == '-' : version[i] >= '0' && version[i] <= '9';
  return date ? "" : "write year, month and day";
}

Record<Price> price() {
  Record<Price> price("What a million tokens costs; budgets and usage count in it");
  price.field("input", &Price::input, config::number(0, kPriceMax), "a million input tokens").required();
  price.field("output", &Price::output, config::number(0, kPriceMax), "a million output tokens").required();
  price
      .field("cached", &Price::cached, config::number(0, kPriceMax),
             "a million input tokens that the provider had in its cache; without it as `input`")
      .without_default();
  price
      .field("cache_write", &Price::cache_write, config::number(0, kPriceMax),
             "a million input tokens that were written to its cache; without it as `input`")
      .without_default();
  return price;
}

void check_fallback(const ModelSettings& model, Check& check) {
  for (auto name = model.fallback.begin(); name != model.fallback.end(); ++name) {
    if (*name == model.name) check.error("fallback", "names the model itself, which has failed by then");
    if (std::find(model.fallback.begin(), name, *name) != name)
      check.error("fallback", "names `" + *name + "` twice; each is asked once");
  }
}

Record<CacheSettings> kept(std::string about) {
  Record<CacheSettings> cache(std::move(about));
  cache.field("ttl", &CacheSettings::ttl, config::duration(1s, kCacheLongest),
              "how long a reply is given again");
  cache.field("size", &CacheSettings::size, config::bytes(64u << 10, kCacheLargest),
              "how much is kept; where several entries name a size, the largest of them counts");
  return cache;
}

config::ShapePtr<CacheSettings> cache() {
  config::Choice<CacheSettings> type(
      "type", &CacheSettings::type,
      {{"none", "every request is sent", Record<CacheSettings>("No cache")},
       {"memory", "as long as the process lives", kept("Replies in memory")},
       {"sqlite", "in cache.db beside the journal", kept("Replies in a file")}},
      {});
  return config::shape(std::move(type.with_shorthand()));
}

void add_common(Record<ModelSettings>& model) {
  model.field("cache", &ModelSettings::cache, cache(),
              "whether a request that was answered lately is answered from there");
  model
      .field("context", &ModelSettings::context, config::integer<int>(256, kTokensMax),
             "how many tokens the model reads at most")
      .without_default();
  model.field(
      "fallback", &ModelSettings::fallback,
      config::list_of(config::reference("models", "model"), "a list of model names", limits::kFallbacks),
      "models that are asked in its place, in this order, when it fails");
  model.check(check_fallback);
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
constexpr std::string_view kOurs[] = {"model", "messages", "contents", "system", "stream"};

// What every provider that is reached over HTTP has.
void add_server(Record<ModelSettings>& model, Place place) {
  add_place(model, std::move(place));
  add_quirks(model, kOurs);
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

// Of the endpoint with its key: what several entries share.
void add_rates(Record<ModelSettings>& model) {
  model
      .field("concurrency", &ModelSettings::concurrency,
             config::integer<int>(1, static_cast<int>(limits::kTransfers)),
             fmt::format("how many calls go to this endpoint with this key at once, all entries, agents and "
                         "runs together; without it {}",
                         limits::kModelConcurrency))
      .without_default();
  model
      .field("requests_per_minute", &ModelSettings::requests_per_minute, config::integer<int>(1, kTokensMax),
             "how many calls begin within a minute, counted the same way; without it there is no limit")
      .without_default();
  model
      .field(
          "tokens_per_minute", &ModelSettings::tokens_per_minute,
          config::integer64(1, std::int64_t{1'000'000} * kTokensMax),
          "how many tokens are read and written within a minute, counted the same way; without it there is "
          "no limit")
      .without_default();
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
  add_rates(model);
  model.field("price", &ModelSettings::price, config::maybe(config::shape(price())), "what tokens cost");
  add_common(model);
  model.advise("max_tokens", "it is called `max_output_tokens`");
  model.advise("max_completion_tokens", "it is called `max_output_tokens`");
}

Record<ModelSettings> openai() {
  Record<ModelSettings> model(
      "A model behind OpenAI's chat completions API, OpenAI's own or a compatible server's");
  add_server(model, {"where the API begins, such as http://127.0.0.1:8000/v1; without it OpenAI's",
                     "the key, sent as a bearer token"});
  add_sampling(model, 2);
  add_seed(model);
  add_constrain(model);
  add_call(model, "how long a reply may be; without it the provider's default");
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
}

Record<ModelSettings> anthropic() {
  Record<ModelSettings> model("A model behind Anthropic's Messages API");
  add_server(model, {"where the API begins; without it Anthropic's", "the key, sent as x-api-key"});
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

std::string category_problem(std::string_view category) {
  for (std::string_view known :
       {"harassment", "hate_speech", "sexually_explicit", "dangerous_content", "civic_integrity"})
    if (category == known) return "";
  return "is no kind of harm; there is harassment, hate_speech, sexually_explicit, dangerous_content and "
         "civic_integrity";
}

Record<ModelSettings> gemini() {
  Record<ModelSettings> model("A model behind Google's Gemini API, generateContent");
  add_server(model, {"where the API begins; without it Google's", "the key, sent as x-goog-api-key"});
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
  return model;
}

Record<ModelSettings> ollama() {
  Record<ModelSettings> model("A model that Ollama runs, by its own API");
  add_server(model, {"where Ollama listens; without it http://127.0.0.1:11434",
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
}

Record<ModelSettings> huggingface() {
  Record<ModelSettings> model("A model on Hugging Face's router, an Inference Endpoint or a TGI server");
  add_server(model, {"where the endpoint or the TGI server is; without it the router",
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
  Record<ModelSettings> model("HTTP exchanges with another model's server, kept in a file and played back");
  model.field("file", &ModelSettings::file, config::path(), "where the exchanges are kept").required();
  model
      .field("model", &ModelSettings::tapes, config::reference("models", "model"),
             "the entry whose exchanges these are")
      .required();
  config::Words modes{{{"auto", "what the file does not have is asked, and added to it"},
                       {"replay", "nothing is sent; the entry needs no key"}}};
  model.field("mode", &ModelSettings::mode, config::one_of(modes), "what becomes of a request");
  model.field("price", &ModelSettings::price, config::maybe(config::shape(price())), "what tokens cost");
  advise_constrain(model);
  add_common(model);
  model.advise("record", "it is called `model`, and `mode: replay` plays back only");
  return model;
}

Record<ModelSettings> plugin() {
  Record<ModelSettings> model("A model that a plugin brings: NAME is an entry of `plugins`");
  model.field("model", &ModelSettings::model, config::line(),
              "which of the plugin's models: its name there, or what its only one is told; may be left out "
              "where it has one");
  add_sampling(model, 2);
  add_seed(model);
  model.field("options", &ModelSettings::options, config::json_object("a map of the model's options"),
              "what else the plugin is told with each call");
  add_constrain(model);
  add_call(model, "how long a reply may be; without it as the plugin does");
  for (const char* key : {"base_url", "api_key"})
    model.advise(key,
                 "the plugin reaches its model by itself: what it needs goes into its entry of "
                 "`plugins`, under `config` and `secrets`");
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
       {"cassette", "recorded exchanges, played back", cassette()},
       {"plugin/NAME", "a model of the plugin NAME", plugin()}},
      {});
  return config::entries_of<ModelSettings>(config::shape(std::move(provider)), &ModelSettings::name, "model",
                                           "models");
}

bool is_public_openai(const ModelSettings& model) {
  if (model.provider != "openai") return false;
  return model.base_url.empty() || host_of(model.base_url) == "api.openai.com";
}

}  // namespace troupe::models
