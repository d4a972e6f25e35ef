#pragma once

#include "models/per_tools.h"
#include "models/providers/codec.h"
#include "models/providers/request_params.h"
#include "models/providers/schema_forms.h"
#include "models/settings.h"

#include <memory>
#include <string>

namespace troupe::models {

/// How a server takes a schema that a reply is to be held to.
enum class SchemaForm {
  openai,   ///< by OpenAI's rules: `strict`, no choice at the root; native tools beside it
  grammar,  ///< any schema, as vLLM, llama.cpp and LM Studio; not together with native tools
  tgi,      ///< {"type":"json_object","value":…}; not together with native tools
};
/// By the entry's host and model: OpenAI itself, Azure, OpenRouter, Groq, and OpenAI's models behind a
/// gateway have OpenAI's rules, all others take grammars.
SchemaForm schema_form(const ModelSettings& settings);

/// POST /chat/completions, of OpenAI and of every server with its API.
class OpenAiCodec : public Codec {
 public:
  explicit OpenAiCodec(const ModelSettings& settings) : OpenAiCodec(settings, schema_form(settings)) {}
  OpenAiCodec(const ModelSettings& settings, SchemaForm form);

  std::string request_body(const ModelRequest& request) override;
  bool holds_schema(const ModelRequest& request) const override;
  std::unique_ptr<ReplyReader> reply() const override;

 private:
  const std::string& rendered_messages(const Transcript& transcript) const;
  std::string response_format(const ModelRequest& request) const;

  bool reasoning_model_;  // of the o-series and gpt-5: other parameter names, no stop sequences
  RequestParams params_;
  SchemaForm schema_form_;
  PerTools<std::string> tools_;
  SchemaRenderings formats_;
};

/// Whether OpenAI takes max_completion_tokens and no `stop` for it: o1, o3, o4 and gpt-5, also behind a
/// router's prefix ("openai/o3-mini").
bool is_reasoning_model(std::string_view model);

}  // namespace troupe::models
