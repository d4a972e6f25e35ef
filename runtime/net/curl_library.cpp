#include "runtime/net/curl_library.h"

#include <cassert>
#include <dlfcn.h>
#include <string>

#include <fmt/format.h>

namespace troupe::net {
namespace {

constexpr char kFile[] = "libcurl.so.4";  // the ABI of curl.h since 7.16

struct Loaded {
  CurlLibrary library;
  std::string problem;  // not "": it cannot be used
};

std::string why_not() {
  const char* error = dlerror();
  return error ? error : "no reason is given";
}

Loaded load() {
  Loaded loaded;
  void* file = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (!file) {
    loaded.problem = why_not();
    return loaded;
  }
#define TROUPE_CURL_FIND(name)                                                                       \
  loaded.library.name =                                                                              \
      reinterpret_cast<decltype(loaded.library.name)>(dlsym(file, "curl_" #name)); /* POSIX dlsym */ \
  if (!loaded.library.name) loaded.problem = why_not();
  TROUPE_CURL_FUNCTIONS(TROUPE_CURL_FIND)
#undef TROUPE_CURL_FIND
  if (loaded.problem.empty() && loaded.library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    loaded.problem = "curl_global_init failed";
  return loaded;
}

const Loaded& loaded() {
  static const Loaded once = load();
  return once;
}

}  // namespace

Result<const CurlLibrary*> load_curl() {
  if (loaded().problem.empty()) return &loaded().library;
  return fail(ErrorCode::unavailable,
              fmt::format("HTTP needs {}, which cannot be loaded: {}; on Debian it is "
                          "in the package libcurl4",
                          kFile, loaded().problem));
}

const CurlLibrary& curl() {
  assert(loaded().problem.empty() && "a URL exists, so libcurl was loaded");
  return loaded().library;
}

}  // namespace troupe::net
