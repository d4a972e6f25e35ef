#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools::openapi {

/// A parameter of an operation, and the argument that a model gives for it.
struct Parameter {
  enum class In { path, query, header };
  In in = In::query;
  std::string name;
  std::string argument;
  std::string style;  ///< simple | form | spaceDelimited | pipeDelimited | deepObject | json
  bool explode = false;
  bool required = false;
};

/// How a request shows who asks.
struct Credential {
  bool in_query = false;  ///< else in a header
  std::string name;
  std::string value;
};
using Credentials = std::map<std::string, Credential>;  ///< by the names of security schemes

/// One thing that can be asked of a service.
struct Operation {
  std::string id;      ///< its operationId, or method and path
  std::string method;  ///< "GET"
  std::string path;    ///< "/pets/{petId}"
  std::string server;  ///< "https://api.example/v1", or "" where the document names none
  std::string about;
  std::vector<std::string> tags;
  std::vector<Parameter> parameters;
  std::string body_argument;  ///< "": no body
  bool form_body = false;     ///< else JSON
  std::string body_type =
      "application/json";  ///< of a body that is JSON: perhaps "application/merge-patch+json"
  Json input;              ///< JSON Schema of the arguments
  /// Sets of schemes, any of which is enough; none: everybody may.
  std::vector<std::vector<std::string>> security;
  /// Why no tool can be made of it, or "".
  std::string obstacle;
};

/// Every operation of a document (openapi/document.h), in its order; those that are not `wanted` by their id,
/// method and tags with nothing else, for schemas of large documents take their time. Errors: invalid, naming
/// the path.
Result<std::vector<Operation>> read_operations(
    const Json& document,
    const std::function<bool(const Operation&)>& wanted = [](const Operation&) { return true; });

/// The security schemes of a document with what `given` has for them: an API key, a token, or `user:password`
/// for basic. Errors: invalid, for a name that is no scheme, or one that cannot be served (a cookie).
Result<Credentials> read_credentials(const Json& document, const std::map<std::string, std::string>& given);

/// The request for checked arguments. `base`: the server. Errors: invalid, written for the model.
Result<net::HttpRequest> request_for(const Operation& operation, std::string_view base, const Json& arguments,
                                     const Credentials& credentials);

}  // namespace troupe::tools::openapi
