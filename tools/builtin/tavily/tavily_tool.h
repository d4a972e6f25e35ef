#pragma once

#include "tools/builtin/tavily/tavily_api.h"
#include "tools/builtin/web_service.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <memory>
#include <string>

namespace troupe::tools {

/// `type: tavily`: searches the web (a `query`), or reads pages (`urls`). The operator's
/// settings are defaults that the model may change, but the domains are bounds: it can narrow them and not
/// widen. The key goes into a header and nowhere else.
class TavilyTool final : public Tool {
 public:
  /// `http` outlives the tool. Errors: invalid (no key, base_url, search_depth, topic).
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings, net::HttpClient& http,
                                            std::string user_agent, Patience patience);
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  TavilyTool(const ToolSettings& settings, net::HttpClient& http, std::string user_agent, Patience patience);

  Result<tavily::SearchRequest> search_request(const Json& arguments) const;
  Task<Result<ToolOutput>> search(Json arguments, CallContext& context);
  Task<Result<ToolOutput>> extract(Json arguments, CallContext& context);
  Task<Result<Json>> post(std::string path, std::string body, CallContext& context);

  ToolSpec spec_;
  net::HttpClient& http_;
  const ToolSettings settings_;
  const std::string base_url_;
  const std::string user_agent_;
  const Patience patience_;
};

}  // namespace troupe::tools
