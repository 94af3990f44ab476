/* JSON, for the plain data that nearly all JSON is. build.sh puts this file beside quickjs.c, which includes it before its
   own JSON functions; quickjs.patch has the few lines that call it.

   Both halves may give up, and QuickJS's own code then does the whole work, or that of one value: whatever is unusual
   (a mistake in the text, a reviver, a replacer, an indent, a getter, a proxy, `toJSON`) is answered by the code that
   always did. So what is here needs no error messages, and only has to be right about what it takes on. */

/* Nested deeper than this is left to QuickJS's own functions, which then nest exactly as deep as they always did. */
#define JSON_FAST_DEPTH 256

/* Where there are quotes, backslashes or control characters, and with `ascii` anything beyond ASCII: what JSON does not
   write as it is. */
static inline v128_t json_special(v128_t c, bool ascii)
{
    v128_t space = wasm_i8x16_splat(' ');
    /* compared with their signs, those beyond ASCII are less than a space */
    v128_t special = ascii ? wasm_i8x16_lt(c, space) : wasm_u8x16_lt(c, space);

    return wasm_v128_or(special, wasm_v128_or(wasm_i8x16_eq(c, wasm_i8x16_splat('"')),
                                              wasm_i8x16_eq(c, wasm_i8x16_splat('\\'))));
}

/* How many bytes at `p` are none of these. */
static inline size_t json_plain8(const uint8_t *p, const uint8_t *end, bool ascii)
{
    const uint8_t *start = p;

    for(; end - p >= 16; p += 16) {
        v128_t special = json_special(wasm_v128_load(p), ascii);
        if (wasm_v128_any_true(special))
            return p - start + ctz32(wasm_i8x16_bitmask(special));
    }
    while (p < end && *p >= ' ' && *p != '"' && *p != '\\' && !(ascii && *p >= 0x80))
        p++;
    return p - start;
}

/* The last `n` bytes, fewer than 16, of a string of QuickJS's, and zeros behind them. In front of them there is at least
   the string's header, so 16 bytes can be read. */
static inline v128_t json_tail(const uint8_t *end, int n)
{
    const v128_t places = wasm_i8x16_const(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    return wasm_i8x16_swizzle(wasm_v128_load(end - 16), wasm_i8x16_add(places, wasm_i8x16_splat(16 - n)));
}

/* Whether a text and the name of an atom are the same; `end` is that of what can be read. */
static inline bool json_is_name(JSString *name, const uint8_t *text, size_t n, const uint8_t *end)
{
    if (name->len != n || name->is_wide_char)
        return false;
    if (n >= 16 || end - text < 16)
        return !memcmp(str8(name), text, n);
    return !(~wasm_i8x16_bitmask(wasm_i8x16_eq(json_tail(str8(name) + n, n), wasm_v128_load(text))) & ((1 << n) - 1));
}

/* The same of UTF-16; half of a surrogate pair is not written as it is. */
static inline size_t json_plain16(const uint16_t *p, const uint16_t *end)
{
    const uint16_t *start = p;

    for(; end - p >= 8; p += 8) {
        v128_t c = wasm_v128_load(p);
        v128_t special = wasm_v128_or(wasm_u16x8_lt(c, wasm_i16x8_splat(' ')),
                                      wasm_i16x8_eq(wasm_v128_and(c, wasm_i16x8_splat(0xf800)), wasm_i16x8_splat(0xd800)));
        special = wasm_v128_or(special, wasm_v128_or(wasm_i16x8_eq(c, wasm_i16x8_splat('"')),
                                                     wasm_i16x8_eq(c, wasm_i16x8_splat('\\'))));
        if (wasm_v128_any_true(special))
            return p - start + ctz32(wasm_i16x8_bitmask(special));
    }
    while (p < end && *p >= ' ' && *p != '"' && *p != '\\' && !is_surrogate(*p))
        p++;
    return p - start;
}

/* Powers of ten that a double holds exactly. */
static const double json_pow10[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* ---- parsing: every function moves `*pp` behind what it has read, and gives JS_EXCEPTION to give up */

static inline const uint8_t *json_skip_space(const uint8_t *p)
{
    while (*p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static no_inline JSValue json_fast_number(JSContext *ctx, const uint8_t **pp)
{
    const uint8_t *p = *pp, *start = p, *digits, *point = NULL;
    uint64_t mantissa = 0;
    size_t n;
    double d;
    bool negative = *p == '-';

    p += negative;
    digits = p;
    if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
        return JS_EXCEPTION;
    for(; is_digit(*p); p++)
        mantissa = mantissa * 10 + (*p - '0');
    n = p - digits;
    if (*p == '.') {
        point = ++p;
        if (!is_digit(*p))
            return JS_EXCEPTION;
        for(; is_digit(*p); p++)
            mantissa = mantissa * 10 + (*p - '0');
        n = p - digits - 1;
    }
    if (*p != 'e' && *p != 'E' && n <= 19 && mantissa <= (uint64_t)1 << 53) {
        *pp = p;
        if (!point && mantissa <= INT32_MAX && !(negative && mantissa == 0))
            return js_int32(negative ? -(int32_t)mantissa : (int32_t)mantissa);
        /* both are exact, so one division rounds as it must */
        d = point ? (double)mantissa / json_pow10[p - point] : (double)mantissa;
        return js_float64(negative ? -d : d);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!is_digit(*p))
            return JS_EXCEPTION;
        while (is_digit(*p))
            p++;
    }
    *pp = p;
    return js_float64(strtod((const char *)start, NULL));
}

/* The rest of a text that is not plain up to its end; it starts at `p`. */
static no_inline JSValue json_fast_text(JSContext *ctx, const uint8_t *p, const uint8_t **pp, const uint8_t *end)
{
    StringBuffer b_s, *b = &b_s;
    const uint8_t *next;
    size_t n;
    uint32_t c;
    int i, h;

    if (string_buffer_init(ctx, b, 48))
        goto fail;
    for(;;) {
        n = json_plain8(p, end, true);
        if (n && string_buffer_write8(b, p, n))
            goto fail;
        p += n;
        if (p >= end)
            goto fail;
        c = *p++;
        if (c == '"')
            break;
        if (c == '\\') {
            c = *p++;
            switch(c) {
            case 'b': c = '\b'; break;
            case 'f': c = '\f'; break;
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            case 't': c = '\t'; break;
            case '"': case '\\': case '/': break;
            case 'u':
                for(c = i = 0; i < 4; i++) {
                    h = from_hex(*p++);
                    if (h < 0)
                        goto fail;
                    c = (c << 4) | h;
                }
                break;
            default:
                goto fail;
            }
        } else if (c >= 0xc2 && c <= 0xdf && (*p & 0xc0) == 0x80) {
            c = (c & 0x1f) << 6 | (*p++ & 0x3f);
        } else if (c >= 0x80) {
            c = utf8_decode(p - 1, &next);
            if (next == p)
                goto fail;
            p = next;
        } else {
            goto fail;
        }
        if (string_buffer_putc(b, c))
            goto fail;
    }
    *pp = p;
    return string_buffer_end(b);
 fail:
    string_buffer_free(b);
    return JS_EXCEPTION;
}

/* The key whose text starts at `key`, the first `n` bytes of it plain; JS_ATOM_NULL to give up. */
static no_inline JSAtom json_fast_key(JSContext *ctx, const uint8_t *key, size_t n, const uint8_t **pp, const uint8_t *end)
{
    JSAtom atom;
    JSValue name;

    if (key[n] == '"') {
        *pp = key + n + 1;
        /* numbers can be atoms without a text */
        if (!is_digit(*key)) {
            atom = __JS_FindAtom(ctx->rt, (const char *)key, n, JS_ATOM_TYPE_STRING);
            if (atom != JS_ATOM_NULL)
                return atom;
        }
        name = js_new_string8_len(ctx, (const char *)key, n);
    } else {
        name = json_fast_text(ctx, key, pp, end);
    }
    return JS_IsException(name) ? JS_ATOM_NULL : JS_NewAtomStr(ctx, JS_VALUE_GET_STRING(name));
}

/* What an object has when it turns out not to be like the one before: the first `n` properties of it, as a new object. */
static no_inline JSValue json_unlike(JSContext *ctx, JSValue like, int n)
{
    JSObject *from = JS_VALUE_GET_OBJ(like);
    JSValue obj = JS_NewObject(ctx);
    JSProperty *pr;
    int i;

    for(i = 0; i < n && !JS_IsException(obj); i++) {
        pr = add_property(ctx, JS_VALUE_GET_OBJ(obj), from->shape->prop[i].atom, JS_PROP_C_W_E);
        if (!pr) {
            JS_FreeValue(ctx, obj);
            obj = JS_EXCEPTION;
            break;
        }
        pr->u.value = js_dup(from->prop[i].u.value);
    }
    JS_FreeValue(ctx, like);
    return obj;
}

/* `like` is what was parsed last at such a place: lists hold things of one kind. An object that has its properties, in
   their order, gets its shape at once, and the texts of its keys are compared instead of looked up. */
static JSValue json_fast_value(JSContext *ctx, const uint8_t **pp, const uint8_t *end, JSValueConst like, int depth)
{
    const uint8_t *p = json_skip_space(*pp), *key;
    JSValue val, el;
    JSShape *sh;
    JSShapeProperty *prs;
    JSProperty *pr;
    JSObject *o;
    JSString *str;
    JSAtom atom = JS_ATOM_NULL;
    size_t n;
    int i;

    switch(*p) {
    case '"':
        p++;
        n = json_plain8(p, end, true);
        if (p[n] == '"') {
            val = n ? js_new_string8_len(ctx, (const char *)p, n) : js_empty_string(ctx->rt);
            *pp = p + n + 1;
            return val;
        }
        return json_fast_text(ctx, p, pp, end);
    case '{':
        if (depth == 0 || js_check_stack_overflow(ctx->rt, 0))
            return JS_EXCEPTION;
        p = json_skip_space(p + 1);
        sh = NULL;
        if (*p == '"' && JS_IsObject(like)) {
            o = JS_VALUE_GET_OBJ(like);
            if (o->class_id == JS_CLASS_OBJECT && o->shape->is_hashed)
                sh = o->shape;
        }
        if (sh) {
            val = JS_NewObjectFromShape(ctx, js_dup_shape(sh), JS_CLASS_OBJECT, NULL);
            if (JS_IsException(val))
                return val;
            for(i = 0; i < sh->prop_count; i++)
                JS_VALUE_GET_OBJ(val)->prop[i].u.value = JS_UNDEFINED;
        } else {
            val = JS_NewObject(ctx);
            if (JS_IsException(val))
                return val;
        }
        if (*p == '}') {
            *pp = p + 1;
            return val;
        }
        for(i = 0;; i++) {
            if (*p != '"')
                goto fail;
            key = ++p;
            n = json_plain8(p, end, true);
            if (sh && i < sh->prop_count && key[n] == '"' && !__JS_AtomIsTaggedInt(sh->prop[i].atom)) {
                str = ctx->rt->atom_array[sh->prop[i].atom];
                if (json_is_name(str, key, n, end)) {
                    p = key + n + 1;
                    goto known;
                }
            }
            atom = json_fast_key(ctx, key, n, &p, end);
            if (atom == JS_ATOM_NULL)
                goto fail;
            if (sh) {
                sh = NULL;
                val = json_unlike(ctx, val, i);
                if (JS_IsException(val)) {
                    JS_FreeAtom(ctx, atom);
                    return val;
                }
            }
        known:
            p = json_skip_space(p);
            if (*p == ':') {
                p++;
                el = json_fast_value(ctx, &p, end, sh ? JS_VALUE_GET_OBJ(like)->prop[i].u.value : JS_UNDEFINED, depth - 1);
            } else {
                el = JS_EXCEPTION;
            }
            if (sh) {
                if (JS_IsException(el))
                    goto fail;
                JS_VALUE_GET_OBJ(val)->prop[i].u.value = el;
            } else {
                if (JS_IsException(el)) {
                    JS_FreeAtom(ctx, atom);
                    goto fail;
                }
                o = JS_VALUE_GET_OBJ(val);
                prs = find_own_property(&pr, o, atom);
                if (prs) {
                    /* the last of one name is the one that counts */
                    JS_FreeValue(ctx, pr->u.value);
                } else {
                    pr = add_property(ctx, o, atom, JS_PROP_C_W_E);
                }
                JS_FreeAtom(ctx, atom);
                if (!pr) {
                    JS_FreeValue(ctx, el);
                    goto fail;
                }
                pr->u.value = el;
            }
            p = json_skip_space(p);
            if (*p != ',')
                break;
            p = json_skip_space(p + 1);
        }
        if (*p != '}')
            goto fail;
        if (sh && i + 1 != sh->prop_count) {
            val = json_unlike(ctx, val, i + 1);
            if (JS_IsException(val))
                return val;
        }
        *pp = p + 1;
        return val;
    case '[':
        if (depth == 0 || js_check_stack_overflow(ctx->rt, 0))
            return JS_EXCEPTION;
        val = JS_NewArray(ctx);
        if (JS_IsException(val))
            return val;
        o = JS_VALUE_GET_OBJ(val);
        p = json_skip_space(p + 1);
        if (*p != ']') {
            el = JS_UNDEFINED;
            i = 4;
            if (JS_IsObject(like) && JS_VALUE_GET_OBJ(like)->class_id == JS_CLASS_ARRAY
                && JS_VALUE_GET_OBJ(like)->u.array.count) {
                el = JS_VALUE_GET_OBJ(like)->u.array.u.values[0];
                i = min_int(JS_VALUE_GET_OBJ(like)->u.array.count, 16);
            }
            if (expand_fast_array(ctx, o, i))
                goto fail;
            for(;;) {
                el = json_fast_value(ctx, &p, end, el, depth - 1);
                if (JS_IsException(el) || add_fast_array_element(ctx, o, el, 0) < 0)
                    goto fail;
                p = json_skip_space(p);
                if (*p != ',')
                    break;
                p++;
            }
            if (*p != ']')
                goto fail;
        }
        *pp = p + 1;
        return val;
    case 't':
        val = JS_TRUE;
        if (memcmp(p, "true", 4))
            return JS_EXCEPTION;
        *pp = p + 4;
        return val;
    case 'n':
        val = JS_NULL;
        if (memcmp(p, "null", 4))
            return JS_EXCEPTION;
        *pp = p + 4;
        return val;
    case 'f':
        if (memcmp(p, "false", 5))
            return JS_EXCEPTION;
        *pp = p + 5;
        return JS_FALSE;
    default:
        val = json_fast_number(ctx, &p);
        *pp = p;
        return val;
    }
 fail:
    JS_FreeValue(ctx, val);
    return JS_EXCEPTION;
}

/* The whole text, or JS_EXCEPTION, which is final if there is an exception too: the memory has run out. */
static JSValue json_fast_parse(JSContext *ctx, const uint8_t *p, const uint8_t *end)
{
    JSValue val = json_fast_value(ctx, &p, end, JS_UNDEFINED, JSON_FAST_DEPTH);

    if (!JS_IsException(val) && json_skip_space(p) != end) {
        JS_FreeValue(ctx, val);
        return JS_EXCEPTION;
    }
    return val;
}

/* ---- writing: 0, or -1 if there is an exception */

/* A text in quotes, in runs of what is written as it is. */
static no_inline int json_write_text(StringBuffer *b, JSString *str)
{
    int i = 0, n, len = str->len;
    uint32_t c;
    char escape[8];

    /* a few bytes more: they are written 16 at a time */
    if (b->len + len + 18 > b->size && string_buffer_realloc(b, b->len + len + 18, 0))
        return -1;
    if (!b->is_wide_char && !str->is_wide_char && str->kind != JS_STRING_KIND_INDIRECT) {
        uint8_t *start = str8(b->str) + b->len, *to = start;
        const uint8_t *from = str8(str);
        v128_t text;

        *to++ = '"';
        for(;; i += 16) {
            n = len - i;
            text = n >= 16 ? wasm_v128_load(from + i) : json_tail(from + len, n);
            wasm_v128_store(to + i, text);
            c = wasm_i8x16_bitmask(json_special(text, false)) | 0x10000;
            if (c != 0x10000 || n < 16)
                break;
        }
        i += ctz32(c);
        if (i >= len) {
            to[len] = '"';
            b->len += len + 2;
            return 0;
        }
        b->len += i + 1;
    } else {
        string_buffer_putc8(b, '"');
    }
    for(;;) {
        if (str->is_wide_char) {
            n = json_plain16(str16(str) + i, str16(str) + len);
            if (n && string_buffer_write16(b, str16(str) + i, n))
                return -1;
        } else {
            n = json_plain8(str8(str) + i, str8(str) + len, false);
            if (n && string_buffer_write8(b, str8(str) + i, n))
                return -1;
        }
        i += n;
        if (i == len)
            break;
        c = string_getc(str, &i);
        escape[0] = '\\';
        n = 2;
        switch(c) {
        case '\b': escape[1] = 'b'; break;
        case '\t': escape[1] = 't'; break;
        case '\n': escape[1] = 'n'; break;
        case '\f': escape[1] = 'f'; break;
        case '\r': escape[1] = 'r'; break;
        case '"': case '\\': escape[1] = c; break;
        default:
            n = 0;
            if (c < ' ' || is_surrogate(c))
                n = snprintf(escape, sizeof(escape), "\\u%04x", c);
        }
        if (n ? string_buffer_write8(b, (uint8_t *)escape, n) : string_buffer_putc(b, c))
            return -1;
    }
    return string_buffer_putc8(b, '"');
}

/* A number as Number.prototype.toString writes it; one that is not finite as null. */
static no_inline int json_write_number(StringBuffer *b, double d)
{
    char text[128];
    JSDTOATempMem mem;
    double abs = fabs(d), scaled;
    uint64_t digits;
    int n = 0, places, i;

    if (!isfinite(d))
        return string_buffer_write8(b, (const uint8_t *)"null", 4);
    /* The fewest places after the point that give the number back, if they make 15 digits at most. Then no other number
       of so few digits is as near, and the product is off by less than a half. */
    if (abs >= 1e-6 && abs < 1e15) {
        for(places = 0; places <= 15; places++) {
            scaled = abs * json_pow10[places];
            if (scaled >= 1e15)
                break;
            digits = (uint64_t)(scaled + 0.5);
            if ((double)digits / json_pow10[places] != abs)
                continue;
            if (d < 0)
                text[n++] = '-';
            if (places) {
                char all[32];
                int len = u64toa(all, digits);
                for(i = len; i <= places; i++) {
                    /* in front of few digits: 0.00 */
                    text[n++] = '0';
                    if (i == len)
                        text[n++] = '.';
                }
                for(i = 0; i < len; i++) {
                    if (i && i == len - places)
                        text[n++] = '.';
                    text[n++] = all[i];
                }
            } else {
                n += u64toa(text + n, digits);
            }
            return string_buffer_write8(b, (const uint8_t *)text, n);
        }
    }
    n = js_dtoa(text, d, 10, 0, JS_DTOA_FORMAT_FREE, &mem);
    return string_buffer_write8(b, (const uint8_t *)text, n);
}

/* A value that is not an object; 1 if it is none that is known here. */
static int json_write_primitive(StringBuffer *b, JSValueConst val)
{
    char text[16];

    switch(JS_VALUE_GET_NORM_TAG(val)) {
    case JS_TAG_STRING:
        return json_write_text(b, JS_VALUE_GET_STRING(val));
    case JS_TAG_INT:
        if (!b->is_wide_char && b->size - b->len >= 16) {
            b->len += i32toa((char *)str8(b->str) + b->len, JS_VALUE_GET_INT(val));
            return 0;
        }
        return string_buffer_write8(b, (const uint8_t *)text, i32toa(text, JS_VALUE_GET_INT(val)));
    case JS_TAG_FLOAT64:
        return json_write_number(b, JS_VALUE_GET_FLOAT64(val));
    case JS_TAG_BOOL:
        return JS_VALUE_GET_BOOL(val) ? string_buffer_puts8(b, "true") : string_buffer_puts8(b, "false");
    case JS_TAG_NULL:
        return string_buffer_puts8(b, "null");
    default:
        return 1;
    }
}

/* Whether neither an object nor what it inherits from has a toJSON, as can be seen without running anything. */
static bool json_lacks_to_json(JSObject *p)
{
    for(; p; p = p->shape->proto) {
        if ((p->is_exotic && p->class_id != JS_CLASS_ARRAY) || find_own_property1(p, JS_ATOM_toJSON))
            return false;
    }
    return true;
}

/* Whether all that Object.keys gives are plain values with names, in the order of the shape. */
static bool json_is_plain(JSContext *ctx, JSShape *sh)
{
    JSAtomStruct *name;
    int i;

    if (!sh->is_hashed)
        return false;
    for(i = 0; i < sh->prop_count; i++) {
        /* neither deleted (JS_ATOM_NULL), nor an index, nor a symbol */
        if (sh->prop[i].flags != JS_PROP_C_W_E || sh->prop[i].atom == JS_ATOM_NULL || __JS_AtomIsTaggedInt(sh->prop[i].atom))
            return false;
        name = ctx->rt->atom_array[sh->prop[i].atom];
        if (name->atom_type != JS_ATOM_TYPE_STRING || (name->len && is_digit(string_get(name, 0))))
            return false;
    }
    return true;
}

static JSValue js_json_check(JSContext *ctx, JSONStringifyContext *jsc, JSValueConst holder, JSValue val, JSValueConst key);
static int js_json_to_str(JSContext *ctx, JSONStringifyContext *jsc, JSValueConst holder, JSValue val, JSValueConst indent);

/* What js_json_to_str writes, if it is known here; 1 if it is not, and nothing has been written then. What a toJSON or a
   getter further inside may change is looked at again for every value. */
static int json_fast_write(JSContext *ctx, JSONStringifyContext *jsc, JSValueConst val)
{
    JSObject *p, *stack;
    JSShape *sh;
    JSValue v, key;
    JSAtom atom;
    bool list, comma = false;
    int i, len, ret, tag;

    if (!JS_IsObject(val))
        return json_write_primitive(jsc->b, val);
    p = JS_VALUE_GET_OBJ(val);
    stack = JS_VALUE_GET_OBJ(jsc->stack);
    list = p->class_id == JS_CLASS_ARRAY;
    if (!(list ? p->fast_array && JS_VALUE_GET_TAG(p->prop[0].u.value) == JS_TAG_INT
               : p->class_id == JS_CLASS_OBJECT && json_is_plain(ctx, p->shape))
        || !JS_IsUndefined(jsc->replacer_func) || !JS_IsUndefined(jsc->property_list) || !JS_IsEmptyString(jsc->gap)
        || stack->u.array.count >= JSON_FAST_DEPTH || js_check_stack_overflow(ctx->rt, 0))
        return 1;
    for(i = 0; i < stack->u.array.count; i++) {
        if (JS_VALUE_GET_OBJ(stack->u.array.u.values[i]) == p)
            return 1;
    }
    if (add_fast_array_element(ctx, stack, js_dup(val), 0) < 0)
        return -1;
    /* while it is held, it stays as it is: an object that changes gets another one */
    sh = js_dup_shape(p->shape);
    len = list ? JS_VALUE_GET_INT(p->prop[0].u.value) : sh->prop_count;
    ret = string_buffer_putc8(jsc->b, list ? '[' : '{');
    for(i = 0; i < len && !ret; i++) {
        atom = list ? JS_ATOM_NULL : sh->prop[i].atom;
        if (!list)
            v = p->shape == sh ? js_dup(p->prop[i].u.value) : JS_GetProperty(ctx, val, atom);
        else if (p->fast_array && i < p->u.array.count)
            v = js_dup(p->u.array.u.values[i]);
        else
            v = JS_GetPropertyInt64(ctx, val, i);
        tag = JS_VALUE_GET_NORM_TAG(v);
        if (tag == JS_TAG_OBJECT
            ? (JS_VALUE_GET_OBJ(v)->class_id != JS_CLASS_OBJECT && JS_VALUE_GET_OBJ(v)->class_id != JS_CLASS_ARRAY)
                || !json_lacks_to_json(JS_VALUE_GET_OBJ(v))
            : tag != JS_TAG_STRING && tag != JS_TAG_INT && tag != JS_TAG_FLOAT64 && tag != JS_TAG_BOOL
                && tag != JS_TAG_NULL) {
            if (!JS_IsException(v)) {
                key = list ? JS_ToStringFree(ctx, js_int64(i)) : JS_AtomToString(ctx, atom);
                if (JS_IsException(key)) {
                    JS_FreeValue(ctx, v);
                    v = key;
                } else {
                    v = js_json_check(ctx, jsc, val, v, key);
                    JS_FreeValue(ctx, key);
                }
            }
            if (JS_IsException(v)) {
                ret = -1;
                break;
            }
            if (JS_IsUndefined(v)) {
                if (!list)
                    continue;
                v = JS_NULL;
            }
        }
        if (comma)
            string_buffer_putc8(jsc->b, ',');
        comma = true;
        if (!list && (json_write_text(jsc->b, ctx->rt->atom_array[atom]) || string_buffer_putc8(jsc->b, ':'))) {
            JS_FreeValue(ctx, v);
            ret = -1;
            break;
        }
        ret = JS_IsObject(v) ? json_fast_write(ctx, jsc, v) : json_write_primitive(jsc->b, v);
        if (ret > 0)
            ret = js_json_to_str(ctx, jsc, val, v, jsc->empty);
        else
            JS_FreeValue(ctx, v);
    }
    js_free_shape(ctx->rt, sh);
    if (ret)
        return -1;
    stack->u.array.count--;
    stack->prop[0].u.value = js_int32(stack->u.array.count);
    JS_FreeValue(ctx, stack->u.array.u.values[stack->u.array.count]);
    return string_buffer_putc8(jsc->b, list ? ']' : '}');
}
