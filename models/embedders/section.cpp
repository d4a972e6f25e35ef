#include "models/embedders/section.h"

#include "models/limits.h"
#include "models/place.h"
#include "models/place_fields.h"
#include "runtime/config/choice.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"

namespace troupe::models {

namespace {

using config::Check;
using config::Record;
using namespace std::chrono_literals;

constexpr int kDimensionsMax = 65'536;
constexpr int kGeminiBatchMax = 100;

constexpr std::string_view kOurs[] = {"model", "input", "inputs"};

bool has_key(const EmbedderSettings& entry) {
  return !entry.api_key.empty() || entry.extra_headers.contains("Authorization");
}

void add_truncate(Record<EmbedderSettings>& entry) {
  entry.field("truncate", &EmbedderSettings::truncate, config::boolean(),
              "leave out the end of a text that is longer than the model reads; otherwise it is an error");
}

void add_call(Record<EmbedderSettings>& entry, int batch_max, std::string about_batch) {
  entry
      .field("dimensions", &EmbedderSettings::dimensions, config::integer<int>(1, kDimensionsMax),
             "how many numbers a vector has, for models that can shorten theirs; without it as the model has")
      .without_default();
  entry
      .field("batch", &EmbedderSettings::batch, config::integer<int>(1, batch_max),
             "how many texts a request has at most; without it " + about_batch)
      .without_default();
  entry.field("timeout", &EmbedderSettings::timeout, config::duration(100ms, 1h),
              "how long without a byte before a request is given up");
  entry.field("retries", &EmbedderSettings::retries, config::integer<int>(0, 20), "attempts after the first");
  entry.advise("batch_size", "it is called `batch`");
  entry.advise("dimension", "it is called `dimensions`");
}

constexpr int kBatchMax = static_cast<int>(limits::kEmbeddingBatch);

Record<EmbedderSettings> openai() {
  Record<EmbedderSettings> entry(
      "Vectors from OpenAI's embeddings API, OpenAI's own or a compatible server's");
  add_place(entry, {"where the API begins, such as http://127.0.0.1:8000/v1; without it OpenAI's",
                    "the key, sent as a bearer token"});
  add_quirks(entry, kOurs);
  add_call(entry, kBatchMax, "256 for OpenAI's own servers, 64 for others");
  entry.check([](const EmbedderSettings& e, Check& check) {
    if (!has_key(e) && (e.base_url.empty() || host_of(e.base_url) == "api.openai.com"))
      check.error("",
                  "`api_key` is missing: OpenAI's servers want one; write `api_key: \"${OPENAI_API_KEY}\"`, "
                  "or set `base_url` to the server you mean");
  });
  return entry;
}

Record<EmbedderSettings> gemini() {
  Record<EmbedderSettings> entry("Vectors from Google's Gemini API, batchEmbedContents");
  add_place(entry, {"where the API begins; without it Google's", "the key, sent as x-goog-api-key"});
  config::Words tasks{{{"retrieval_document", "texts that are searched"},
                       {"retrieval_query", "questions that they are searched by"},
                       {"semantic_similarity", "how alike two texts are"},
                       {"classification", "what kind a text is"},
                       {"clustering", "which texts belong together"},
                       {"question_answering", "questions, for texts that answer them"},
                       {"fact_verification", "statements, for texts that prove them"},
                       {"code_retrieval_query", "questions, for code"}}};
  entry.field("task", &EmbedderSettings::task, config::one_of(tasks),
              "what the vectors are for; without it the model is not told");
  add_call(entry, kGeminiBatchMax, "100");
  entry.check([](const EmbedderSettings& e, Check& check) {
    if (!has_key(e) && e.base_url.empty())
      check.error("", "`api_key` is missing; write `api_key: \"${GEMINI_API_KEY}\"`");
  });
  return entry;
}

Record<EmbedderSettings> ollama() {
  Record<EmbedderSettings> entry("Vectors from a model that Ollama runs");
  add_place(entry, {"where Ollama listens; without it http://127.0.0.1:11434",
                    "a key, for a server that wants one, sent as a bearer token"});
  add_quirks(entry, kOurs);
  add_truncate(entry);
  entry.field("keep_alive", &EmbedderSettings::keep_alive,
              config::line({.expected = "a duration such as `10m`, or -1 for always"}),
              "how long the model stays in memory after a call");
  entry.field("options", &EmbedderSettings::options, config::json_object("a map of the model's options"),
              "further options of the model, such as num_ctx");
  add_call(entry, kBatchMax, "64");
  return entry;
}

Record<EmbedderSettings> huggingface() {
  Record<EmbedderSettings> entry(
      "Vectors from Hugging Face's router, an Inference Endpoint or a server of Text Embeddings Inference");
  add_place(entry,
            {"where the server is: one that ends in /v1 is asked in OpenAI's format, others at /embed; "
             "without it the router",
             "the token, sent as a bearer token", false});
  add_quirks(entry, kOurs);
  add_truncate(entry);
  add_call(entry, kBatchMax, "32");
  entry.check([](const EmbedderSettings& e, Check& check) {
    if (e.base_url.empty() && e.model.empty())
      check.error("", "`model` is missing: its name on Hugging Face, such as BAAI/bge-m3");
    if (!has_key(e) && e.base_url.empty())
      check.error("", "`api_key` is missing: the router wants one; write `api_key: \"${HF_TOKEN}\"`");
  });
  return entry;
}

Record<EmbedderSettings> hashed_words() {
  return Record<EmbedderSettings>(
      "Hashed words and parts of words, made in the daemon: likeness of wording, no meaning; no network");
}

Record<EmbedderSettings> plugin() {
  Record<EmbedderSettings> entry("Vectors that a plugin makes: NAME is an entry of `plugins`");
  entry.field("model", &EmbedderSettings::model, config::line(),
              "which of the plugin's embedders: its name there, or what its only one is told; may be left "
              "out where it has one");
  entry.field("options", &EmbedderSettings::options, config::json_object("a map of the embedder's options"),
              "what else the plugin is told with each call");
  add_call(entry, kBatchMax, "64");
  for (const char* key : {"base_url", "api_key"})
    entry.advise(key,
                 "the plugin reaches its model by itself: what it needs goes into its entry of "
                 "`plugins`, under `config` and `secrets`");
  return entry;
}

}  // namespace

config::ShapePtr<config::Entries<EmbedderSettings>> embeddings_section() {
  config::Choice<EmbedderSettings> provider(
      "provider", &EmbedderSettings::provider,
      {{"openai", "OpenAI and every server with its API: vLLM, llama.cpp, LM Studio, Mistral, Voyage",
        openai()},
       {"gemini", "Google's Gemini API", gemini()},
       {"ollama", "models that Ollama runs", ollama()},
       {"huggingface", "Hugging Face's router, Inference Endpoints and Text Embeddings Inference",
        huggingface()},
       {"builtin", "hashed words: likeness of wording, no meaning; needs nothing", hashed_words()},
       {"plugin/NAME", "an embedder of the plugin NAME", plugin()}},
      {});
  return config::entries_of<EmbedderSettings>(config::shape(std::move(provider)), &EmbedderSettings::name,
                                              "embedder", "embeddings");
}

}  // namespace troupe::models
