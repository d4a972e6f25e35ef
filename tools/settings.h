#pragma once

#include "memory/knowledge/search/overrides.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"
#include "tools/builtin/code/code_settings.h"
#include "tools/builtin/image/image_settings.h"
#include "tools/hidden_text.h"
#include "tools/mcp/section_settings.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe::tools {

/// How an http tool asks what became of a call.
struct HttpStatusSettings {
  HiddenText url;  ///< with {idempotency_key}
  Json response;   ///< as of the tool; null: that
};

/// One entry of `tools:`; which fields apply depends on `type`.
struct ToolSettings {
  std::string name;         ///< its key, and what the model calls it by
  std::string type;         ///< a row of tools/catalog.def, chain or plugin
  std::string description;  ///< "" = the tool's own

  // tavily, image
  std::string api_key;  ///< secret

  // tavily
  int max_results = 5;
  std::string search_depth = "basic";  ///< basic | advanced
  std::string topic;                   ///< general | news | finance; "" = the service's default
  bool include_answer = false;
  std::vector<std::string> include_domains;
  std::vector<std::string> exclude_domains;

  // wikipedia
  std::string language = "en";
  int sentences = 5;  ///< of a summary

  // retriever
  std::string knowledge;           ///< key in `knowledge:`
  memory::SearchOverrides search;  ///< over what the base says

  // clock
  std::string timezone = "UTC";  ///< IANA name

  // chain
  std::string chain;  ///< key in `chains:`

  // plugin
  std::string plugin;  ///< its name; "" = all of `plugins_from`
  std::string tool;    ///< of it; "" = all it has

  // ask_human
  std::string default_answer;  ///< when nobody answers in time; "" = none

  // services, and openapi
  std::string base_url;  ///< "" = the public service; of openapi: what the document says

  // http, openapi, image
  HiddenTexts headers;
  std::vector<std::string> allow_hosts;  ///< beside the host of `url` and `base_url` unless stated
  std::chrono::milliseconds timeout{0};  ///< of a call; 0: the agent's `tool_time`
  std::string effect;                    ///< "": as the type or the method says

  // http, openapi
  std::size_t max_bytes = std::size_t{1} << 20;  ///< of an answer
  std::vector<std::string> content_types;        ///< of answers that are read; none: any text
  int redirects = limits::kRedirects;            ///< followed, of a GET or HEAD

  // http
  std::string method = "GET";
  HiddenText url;     ///< with {name} places in path and query
  HiddenTexts query;  ///< further parameters
  HiddenTexts form;   ///< a body of form fields
  HiddenJson body;    ///< null: none
  Json input;         ///< JSON Schema of the arguments; null: the places, as texts
  Json response;      ///< which parts of a JSON answer are read; null: all
  HttpStatusSettings status;

  // openapi
  std::string document;                 ///< a file
  std::vector<std::string> operations;  ///< only those; none: all
  std::vector<std::string> tags;        ///< only operations with one of them
  std::vector<std::string> methods;     ///< only operations with one of them
  HiddenTexts security;                 ///< by the names of security schemes: what they want

  // files
  std::string root;
  bool writable = false;
  std::size_t entries_max = 1'000;  ///< of a listing, and of a search's matches

  // mcp
  mcp::SectionSettings mcp;

  CodeSettings code;

  ImageSettings image;
};

}  // namespace troupe::tools
