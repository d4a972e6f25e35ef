#pragma once

#include <map>
#include <string>
#include <vector>

namespace troupe::tools::mcp {

/// How an MCP server is reached: a program that is started, or a URL. An entry of `mcpServers:`, or what
/// stands in a section `type: mcp` itself.
struct ServerSettings {
  std::string name;  ///< for people
  std::string type;  ///< stdio | http | streamable-http; "": as `command` or `url` says
  std::string command;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;  ///< values are secrets
  std::string cwd;                         ///< "": the daemon's
  std::string url;
  std::map<std::string, std::string> headers;  ///< values are secrets
  std::string protocol = "auto";               ///< auto | 2025-11-25 | 2026-07-28
  std::string elicitation = "refuse";          ///< refuse | defaults
  bool operator==(const ServerSettings&) const = default;

  bool over_http() const { return !url.empty(); }
};

}  // namespace troupe::tools::mcp
