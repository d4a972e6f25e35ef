#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <curl/curl.h>

#include "runtime/telemetry/log.h"

int main(int argc, char** argv) {
  troupe::log::configure(troupe::log::Level::error, troupe::log::Format::text);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  doctest::Context context(argc, argv);
  int failed = context.run();
  curl_global_cleanup();
  return failed;
}
