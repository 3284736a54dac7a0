/* The tracer that people write in C: PyEval_SetTrace, repr of every local, a line of text per event through stdio.
   Compiled by benches/tracer.rs when it runs; loaded by rivals.py. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <frameobject.h>
#include <stdio.h>

static FILE *out;
static PyObject *unit;
static long long events;

static const char *const KINDS[] = {
    "call", "exception", "line", "return", "c_call", "c_exception", "c_return", "opcode",
};

static int put_repr(PyObject *value)
{
    PyObject *text = PyObject_Repr(value);
    if (text == NULL) {
        return -1;
    }
    Py_ssize_t size;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &size);
    if (bytes == NULL) {
        /* A lone surrogate has no UTF-8. */
        PyErr_Clear();
    } else {
        fwrite(bytes, 1, (size_t)size, out);
    }
    Py_DECREF(text);
    return 0;
}

static int put_local(PyObject *name, PyObject *value)
{
    Py_ssize_t size;
    const char *bytes = PyUnicode_AsUTF8AndSize(name, &size);
    if (bytes == NULL) {
        return -1;
    }
    if (size > 1 && bytes[0] == '_' && bytes[1] == '_') {
        return 0;
    }
    putc(' ', out);
    fwrite(bytes, 1, (size_t)size, out);
    putc('=', out);
    return put_repr(value);
}

static int put_locals(PyFrameObject *frame)
{
    PyObject *locals = PyFrame_GetLocals(frame);
    if (locals == NULL) {
        return -1;
    }
    int status = 0;
    if (PyDict_CheckExact(locals)) {
        PyObject *name, *value;
        Py_ssize_t at = 0;
        while (status == 0 && PyDict_Next(locals, &at, &name, &value)) {
            Py_INCREF(name);
            Py_INCREF(value);
            status = put_local(name, value);
            Py_DECREF(name);
            Py_DECREF(value);
        }
    } else {
        /* From 3.13 on a function's locals are a proxy. */
        PyObject *items = PyMapping_Items(locals);
        status = items == NULL ? -1 : 0;
        for (Py_ssize_t at = 0; status == 0 && at < PyList_GET_SIZE(items); at++) {
            PyObject *item = PyList_GET_ITEM(items, at);
            status = put_local(PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1));
        }
        Py_XDECREF(items);
    }
    Py_DECREF(locals);
    return status;
}

static int trace(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    (void)self;
    if (what != PyTrace_CALL && what != PyTrace_LINE && what != PyTrace_RETURN && what != PyTrace_EXCEPTION) {
        return 0;
    }
    PyCodeObject *code = PyFrame_GetCode(frame);
    int status = 0;
    if (code->co_filename == unit || PyUnicode_Compare(code->co_filename, unit) == 0) {
        events++;
        const char *function = PyUnicode_AsUTF8(code->co_name);
        fprintf(out, "%s %d %s", KINDS[what], PyFrame_GetLineNumber(frame), function == NULL ? "?" : function);
        status = put_locals(frame);
        if (status == 0 && what == PyTrace_RETURN && arg != NULL) {
            fputs(" -> ", out);
            status = put_repr(arg);
        }
        if (status == 0 && what == PyTrace_EXCEPTION && arg != NULL && PyTuple_Check(arg)) {
            fputs(" raised ", out);
            status = put_repr(PyTuple_GET_ITEM(arg, 1));
        }
        putc('\n', out);
    }
    Py_DECREF(code);
    return status;
}

static PyObject *tracer_open(PyObject *module, PyObject *args)
{
    (void)module;
    const char *path;
    if (!PyArg_ParseTuple(args, "sU", &path, &unit)) {
        return NULL;
    }
    Py_INCREF(unit);
    PyUnicode_InternInPlace(&unit);
    out = fopen(path, "w");
    return out == NULL ? PyErr_SetFromErrno(PyExc_OSError) : Py_NewRef(Py_None);
}

static PyObject *tracer_start(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    PyEval_SetTrace(trace, NULL);
    Py_RETURN_NONE;
}

static PyObject *tracer_stop(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    PyEval_SetTrace(NULL, NULL);
    Py_RETURN_NONE;
}

static PyObject *tracer_close(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    fclose(out);
    return PyLong_FromLongLong(events);
}

static PyMethodDef methods[] = {
    {"open", tracer_open, METH_VARARGS, "open(path, unit): write events of frames of the file `unit` to `path`"},
    {"start", tracer_start, METH_NOARGS, "start tracing this thread"},
    {"stop", tracer_stop, METH_NOARGS, "stop tracing"},
    {"close", tracer_close, METH_NOARGS, "close the file and return the number of events"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "native_tracer", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_native_tracer(void)
{
    return PyModule_Create(&definition);
}
