#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::tools::mcp {

/// A request of ours, whatever number it has on the wire. 0: none.
using CallId = std::int64_t;

/// A message for the server, and what HTTP says of it in headers.
struct Send {
  CallId call = 0;     ///< 0: nothing comes back
  std::string text;    ///< one JSON object
  std::string method;  ///< "" where it answers the server
  std::string name;    ///< of the tool, resource or prompt it is about; ""
  std::vector<std::pair<std::string, std::string>> params;  ///< Mcp-Param-NAME: value, ready to be sent
  std::string version;                                      ///< that was agreed on; "" while it is not
  bool modern = false;  ///< the version has headers for `method`, `name` and `params`
};
/// The end of a call, once for each.
struct Answer {
  CallId call;
  Result<Json> result;
};
struct Progress {
  CallId call;
  double progress;
  std::optional<double> total;
  std::string message;
};
/// Nobody waits for the answer of this call any more.
struct Abandon {
  CallId call;
};
/// The server is ready for calls.
struct Opened {};
/// It never will be, on this connection.
struct Failed {
  Error why;
};
struct ListChanged {
  enum class List { tools, resources, prompts } list;
};
/// Something worth a line in the log that is nobody's error.
struct Remark {
  bool warning;
  std::string text;
};

/// What a Session wants done.
using Action = std::variant<Send, Answer, Progress, Abandon, Opened, Failed, ListChanged, Remark>;

}  // namespace troupe::tools::mcp
