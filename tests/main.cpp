#define DOCTEST_CONFIG_IMPLEMENT
#include "runtime/telemetry/log.h"

#include <cstdio>

#include <curl/curl.h>
#include <doctest/doctest.h>

namespace {

unsigned cases_matched = 0;

/// Remembers how many test cases the filters let through. ctest runs a program once per source file; a
/// filter that matches nothing would otherwise count as passed.
struct CaseCounter : doctest::IReporter {
  explicit CaseCounter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override { cases_matched = 1; }
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& run) override {
    cases_matched = run.numTestCasesPassingFilters;
  }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("case_counter", 1, CaseCounter);

}  // namespace

int main(int argc, char** argv) {
  troupe::log::configure(troupe::log::Level::error, troupe::log::Format::text);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  doctest::Context context(argc, argv);
  int failed = context.run();
  curl_global_cleanup();
  if (failed == 0 && cases_matched == 0) {
    std::fputs("no test case matches the filters\n", stderr);
    return 1;
  }
  return failed;
}
