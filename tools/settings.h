#pragma once

#include "memory/knowledge/search/overrides.h"

#include <string>
#include <vector>

namespace troupe::tools {

/// One entry of `tools:`; which fields apply depends on `type`.
struct ToolSettings {
  std::string name;         ///< its key, and what the model calls it by
  std::string type;         ///< calculator | clock | retriever | tavily | wikipedia | chain | ask_human | plugin
  std::string description;  ///< "" = the tool's own

  // tavily
  std::string api_key;  ///< secret
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
  std::string plugin;  ///< key in `plugins:`
  std::string tool;    ///< of it; "" = all it has

  // ask_human
  std::string default_answer;  ///< when nobody answers in time; "" = none

  // both services
  std::string base_url;  ///< "" = the public service
};

}  // namespace troupe::tools
