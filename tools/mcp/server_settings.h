#pragma once

#include <map>
#include <string>
#include <tuple>
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
  bool disabled = false;                       ///< there, and not to be used
  std::vector<std::string> hidden;             ///< secrets among `env` and `headers`, and parts of them

  /// Whether it is reached alike, which `hidden` has no part in: it is found out anew at every reading.
  bool operator==(const ServerSettings& other) const {
    const auto reached = [](const ServerSettings& s) {
      return std::tie(s.name, s.type, s.command, s.args, s.env, s.cwd, s.url, s.headers, s.protocol,
                      s.elicitation, s.disabled);
    };
    return reached(*this) == reached(other);
  }

  bool over_http() const { return !url.empty(); }
};

}  // namespace troupe::tools::mcp
