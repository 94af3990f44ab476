// Adds working days and formats the day.
import { addBusinessDays, differenceInCalendarDays, format, parseISO } from 'date-fns';
import { de } from 'date-fns/locale';

interface Request { from: string; days: number }

export default async (_context: unknown, data: Request): Promise<object> => {
  const from = parseISO(data.from);
  const due = addBusinessDays(from, data.days);
  return {
    due: format(due, 'yyyy-MM-dd'),
    text: format(due, 'EEEE, d. MMMM yyyy', { locale: de }),
    days: differenceInCalendarDays(due, from),
  };
};
