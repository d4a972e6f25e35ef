#pragma once

#include "runtime/base/result.h"

#include <curl/curl.h>

/// The functions of libcurl that we use; tests and docs call none of them.
#define TROUPE_CURL_FUNCTIONS(X) \
  X(global_init)                 \
  X(free)                        \
  X(slist_append)                \
  X(slist_free_all)              \
  X(url)                         \
  X(url_cleanup)                 \
  X(url_dup)                     \
  X(url_get)                     \
  X(url_set)                     \
  X(url_strerror)                \
  X(easy_init)                   \
  X(easy_cleanup)                \
  X(easy_setopt)                 \
  X(easy_getinfo)                \
  X(easy_strerror)               \
  X(multi_init)                  \
  X(multi_cleanup)               \
  X(multi_setopt)                \
  X(multi_add_handle)            \
  X(multi_remove_handle)         \
  X(multi_socket_action)         \
  X(multi_info_read)

namespace troupe::net {

/// libcurl, loaded when HTTP is first used: with the thirty libraries that Debian's build brings along it
/// costs 7 ms of a start and 2 MB, which who only asks for the version, or uses the built-in model, need not
/// pay. It stays loaded.
struct CurlLibrary {
#define TROUPE_CURL_MEMBER(name) decltype(&::curl_##name) name = nullptr;
  TROUPE_CURL_FUNCTIONS(TROUPE_CURL_MEMBER)
#undef TROUPE_CURL_MEMBER
};

/// Loads and initialises it, the first time. Any thread. Error: unavailable, when it is not installed. URLs
/// are read by libcurl, so whoever has one (Url::parse) knows that it is there.
Result<const CurlLibrary*> load_curl();
/// The library; load_curl() has succeeded.
const CurlLibrary& curl();

}  // namespace troupe::net
