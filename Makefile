# Thin aliases of ./run, for those who have make.
.PHONY: setup demo test check bench
setup demo test check bench:
	./run $@
