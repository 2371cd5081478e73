/*
 * Why a main of our own: make check has no libFuzzer, and an input that once
 * crashed must be tried again for ever.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/harness/check-main.h"
#include "tests/harness/values.h"

#define ROUNDS 3000
#define CHANGES 10

static void
run(const struct buffer *input)
{
	/* a copy of just this size: reading past it is seen by sanitizers */
	uint8_t *copy = malloc(input->size ? input->size : 1);

	if (input->size > 0)
		memcpy(copy, input->data, input->size);
	LLVMFuzzerTestOneInput(copy, input->size);
	free(copy);
}

static int
run_file(const char *path)
{
	struct buffer input = BUFFER_INIT;
	FILE *file = fopen(path, "rb");
	int byte;

	if (!file) {
		perror(path);
		return EXIT_FAILURE;
	}
	while ((byte = getc(file)) != EOF) {
		uint8_t one = (uint8_t)byte;

		buffer_append(&input, &one, 1);
	}
	fclose(file);
	run(&input);
	buffer_deinit(&input);
	return EXIT_SUCCESS;
}

static void
run_seed(uint64_t seed)
{
	struct buffer input = BUFFER_INIT;
	uint64_t state = seed;

	fuzz_seed(&input, &state);
	run(&input);
	for (unsigned i = 0; i < CHANGES && input.size > 0; i++) {
		values_mutate(&input, &state);
		run(&input);
	}
	buffer_deinit(&input);
}

int
main(int argc, char **argv)
{
	const char *rounds = getenv("MPROXY_FUZZ_ROUNDS");
	uint64_t n = rounds ? strtoull(rounds, NULL, 0) : ROUNDS;
	uint64_t first = check_seed(1);
	int status = EXIT_SUCCESS;

	for (int i = 1; i < argc; i++) {
		if (run_file(argv[i]) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	}
	for (uint64_t seed = first; argc == 1 && seed < first + n; seed++)
		run_seed(seed);
	return status;
}
